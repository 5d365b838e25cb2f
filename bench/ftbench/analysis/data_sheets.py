"""What a card can do at most, by its data sheet.

Dense TFLOP/s without sparsity, with fp32 accumulation where that halves it; GB/s of its memory. By
exact name, as the driver gives it: cards of one name family differ by a third. Sources: NVIDIA's
data sheets and the tables of ml-engineering, torchtitan and Lightning that quote them.
"""

from __future__ import annotations

from typing import NamedTuple


class DataSheet(NamedTuple):
    """TFLOP/s in bfloat16 and float16, None where the card has no units for it; GB/s of memory."""

    bf16: float | None
    fp16: float
    memory: float

    def of(self, dtype: str) -> float | None:
        """Return TFLOP/s for a dtype's name, None where the sheet has none."""
        return {"bfloat16": self.bf16, "bf16": self.bf16, "float16": self.fp16,
                "fp16": self.fp16}.get(dtype)  # fmt: skip


SPEC = {
    "NVIDIA H100 80GB HBM3": DataSheet(989, 989, 3350),
    "NVIDIA H100 PCIe": DataSheet(756, 756, 2000),
    "NVIDIA H100 NVL": DataSheet(835, 835, 3900),
    "NVIDIA H200": DataSheet(989, 989, 4800),
    "NVIDIA GH200 480GB": DataSheet(989, 989, 4000),
    "NVIDIA GH200 144G HBM3e": DataSheet(989, 989, 4900),
    "NVIDIA H20": DataSheet(148, 148, 4000),
    "NVIDIA B200": DataSheet(2250, 2250, 8000),
    "NVIDIA A100-SXM4-80GB": DataSheet(312, 312, 2039),
    "NVIDIA A100 80GB PCIe": DataSheet(312, 312, 1935),
    "NVIDIA A100-SXM4-40GB": DataSheet(312, 312, 1555),
    "NVIDIA A100-PCIE-40GB": DataSheet(312, 312, 1555),
    "NVIDIA L40S": DataSheet(362, 362, 864),
    "NVIDIA L4": DataSheet(121, 121, 300),
    "NVIDIA A10": DataSheet(125, 125, 600),
    "NVIDIA A10G": DataSheet(70, 70, 600),
    "NVIDIA RTX A6000": DataSheet(154.8, 154.8, 768),
    "NVIDIA GeForce RTX 3090": DataSheet(71, 71, 936),
    "NVIDIA GeForce RTX 4090": DataSheet(165.2, 165.2, 1008),
    "NVIDIA GeForce RTX 5090": DataSheet(209.5, 209.5, 1792),
    "Tesla V100-SXM2-16GB": DataSheet(None, 125, 900),
    "Tesla V100-SXM2-32GB": DataSheet(None, 125, 900),
    "Tesla T4": DataSheet(None, 65, 320),
}


def tflops(name: str, dtype: str = "bfloat16") -> float | None:
    """Return a card's TFLOP/s by its data sheet, None for a card or dtype that is not listed."""
    found = SPEC.get(name)
    return None if found is None else found.of(dtype)


def bandwidth(name: str) -> float | None:
    """Return the bytes a second of a card's memory by its data sheet, None for others."""
    found = SPEC.get(name)
    return None if found is None else 1e9 * found.memory
