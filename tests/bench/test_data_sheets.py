"""Data sheets: cards are told apart by their exact name."""

from __future__ import annotations

from ftbench.analysis import data_sheets


def test_cards_of_one_family_differ() -> None:
    assert data_sheets.tflops("NVIDIA H100 80GB HBM3") == 989
    assert data_sheets.tflops("NVIDIA H100 PCIe") == 756
    assert data_sheets.tflops("NVIDIA H100") is None
    assert data_sheets.bandwidth("NVIDIA H200") == 4.8e12
    assert data_sheets.bandwidth("NVIDIA H100") is None


def test_cards_without_bfloat16() -> None:
    assert data_sheets.tflops("Tesla T4") is None
    assert data_sheets.tflops("Tesla T4", "float16") == 65
    assert data_sheets.tflops("NVIDIA L4", "float32") is None
