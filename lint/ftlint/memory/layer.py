"""The operations of one decoder layer, as transformers or Liger run them.

Source: models/llama/modeling_llama.py and its kin, integrations/sdpa_attention.py [transformers
5.6.0, 4.57.1], peft/tuners/lora/layer.py [0.18.1], liger_kernel/ops [0.8.5],
bitsandbytes/autograd/_functions.py [0.50.2], torch/csrc/autograd/derivatives.yaml,
aten/native/transformers/cuda [2.11].
"""

from __future__ import annotations

from ftlint.memory.manner import FULL, HALF
from ftlint.memory.rotation import turned
from ftlint.memory.tape import Tape, Tensor
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.memory.manner import Batch, Manner
    from ftlint.memory.method import Method
    from ftlint.memory.shape import Linear, Shape
    from ftlint.memory.tape import Moments


def _merged(one: Linear) -> int:
    """Return the bytes that DoRA takes to merge a linear: an identity, weights and sums."""
    square, size = one.into * one.into, one.into * one.out
    return square * (FULL + HALF) + size * (2 * FULL + 2 * HALF)


def merged_bytes(shape: Shape, method: Method) -> int:
    """Return the most that merging a linear takes; 0 without DoRA."""
    names = method.targets if method.dora else ()
    return max((_merged(one) for one in shape.linears if one.name in names), default=0)


class DecoderLayer:
    """A decoder layer being written down."""

    def __init__(
        self, shape: Shape, manner: Manner, batch: Batch, width: int, *, keeps_input: bool = False
    ) -> None:
        """`width`: bytes of a number in what goes from layer to layer.

        `keeps_input`: its input counts if the layer keeps it; else it is there anyway.
        """
        self.shape, self.manner, self.batch = shape, manner, batch
        self.input = Tensor(batch.tokens * shape.hidden, width)
        self.tape = Tape(() if keeps_input else (self.input,))
        self.linears = {one.name: one for one in shape.linears}
        self.views: dict[int, Tensor] = {}
        """By the id of a view, the tensor that it is a view of: who keeps it keeps all of that."""

    def moments(self, *, accumulated: bool = False) -> Moments:
        """Return the bytes of each moment of the layer."""
        return self.tape.moments(self.run(), accumulated=accumulated)

    def run(self) -> Tensor:
        """Write the layer down and return its output."""
        before, after = self.shape.family.norms != "after", self.shape.family.norms != "before"
        found = self.input
        for part in (self._attention, self._mlp):
            self.tape.hold(found)
            inner = self._norm(found, self.shape.hidden) if before else found
            self.tape.hold(inner)
            made = part(inner)
            self.tape.drop(2)
            if after:
                made = self._norm(made, self.shape.hidden)
            if self.shape.family.scaled:
                self.tape.hold(made)
                made = self.tape.op((made,), made.elements, made.width)
                self.tape.drop()
            width = max(found.width, made.width)
            found = self.tape.op(
                (found, made), found.elements, width, alias=found.width == made.width
            )
        return found

    def _cast(self, value: Tensor, width: int) -> Tensor:
        if value.width == width:
            return value
        return self.tape.op((value,), value.elements, width)

    def _norm(self, value: Tensor, size: int) -> Tensor:
        """RMSNorm over the last `size` numbers."""
        manner, rows = self.manner, value.elements // size
        weight = manner.norm_width
        if manner.liger:
            return self.tape.op(
                (value,), value.elements, value.width, kept=(value,), held=rows * FULL,
                gradients=size * weight if manner.learns else 0,
            )  # fmt: skip
        wide = self._cast(value, FULL)
        squared = self.tape.op((wide,), rows, FULL, kept=(wide,), scratch=wide.bytes)
        scale = self.tape.op((squared,), rows, FULL, keeps_output=True)
        plain = self.tape.op(
            (wide, scale), value.elements, FULL, kept=(wide, scale), scratch=wide.bytes
        )
        gemma = self.shape.family.norm == "gemma"
        if not gemma:
            plain = self._cast(plain, value.width)
        kept = (plain,) if manner.learns else ()
        made = self.tape.op(
            (plain,), value.elements, max(plain.width, weight), kept=kept,
            gradients=size * weight if manner.learns else 0,
            scratch=plain.bytes if manner.learns else 0,
        )  # fmt: skip
        return self._cast(made, value.width) if gemma else made

    def _linear(self, name: str, value: Tensor) -> Tensor:
        one, manner = self.linears[name], self.manner
        width = HALF if manner.autocast else value.width
        self.tape.hold(value)
        rotation = manner.rotation if name in manner.adapters else None
        if rotation is not None:
            value = turned(
                self.tape, value, one.into, rotation,
                autocast=manner.autocast, quantized=manner.bits < 16,
            )  # fmt: skip
        if manner.learns:
            made = self._whole(one, self._cast(value, width), width)
        else:
            out = self.batch.tokens * one.out
            scratch = one.into * one.out * HALF if manner.bits < 16 else 0
            given = self._cast(value, width)
            eight = manner.bits == 8
            if eight:  # what comes in as fp16 and int8, what comes out as int32
                self.tape.passing(value.elements * (1 + HALF) + out * FULL)
            kept = (given,) if eight else ()
            # Columns with values above 6 are copied and kept: of inputs that no norm has made, all.
            raw = self.shape.family.norms == "after" and name not in ("o_proj", "down_proj")
            copied = given.bytes if eight and raw else 0
            made = self.tape.op((given,), out, width, kept=kept, held=copied, scratch=scratch)
            if name in manner.adapters and rotation is None:
                made = self._adapted(one, value, made, width)
        self.tape.drop()
        return made

    def _whole(self, one: Linear, value: Tensor, width: int) -> Tensor:
        """A linear whose weight learns; under autocast it is copied to half precision."""
        copied = self.manner.autocast and self.manner.weight_width == FULL
        return self.tape.op(
            (value,), self.batch.tokens * one.out, width, kept=(value,),
            held=one.size * HALF if copied else 0, scratch=one.size * HALF if copied else 0,
            gradients=one.size * self.manner.weight_width,
        )  # fmt: skip

    def _adapted(self, one: Linear, value: Tensor, base: Tensor, width: int) -> Tensor:
        """LoRA beside a frozen linear.

        peft casts what goes in to the adapter's dtype, but not beside a quantized one under
        autocast; beside one of 4 bit it copies the result (peft/tuners/lora/bnb.py).
        """
        manner, tokens = self.manner, self.batch.tokens
        copied = manner.autocast and manner.adapter_width == FULL
        quantized = manner.bits < 16
        if manner.bits == 4:
            base = self.tape.op((base,), base.elements, base.width)
        wide = value if quantized and manner.autocast else self._cast(value, manner.adapter_width)
        self.tape.hold(base, wide)
        if manner.dropout:
            wide = self.tape.op((wide,), wide.elements, wide.width, held=wide.elements)
        inside = width if manner.autocast else manner.adapter_width
        narrow = self._cast(wide, inside)
        down, up = one.into * manner.rank, one.out * manner.rank
        inner = self._factor(narrow, tokens * manner.rank, inside, down, copied=copied)
        made = self._factor(inner, tokens * one.out, inside, up, copied=copied)
        if manner.dora:
            # The norm of the merged weight is made anew: by way of an identity, and in full width.
            self.tape.passing(_merged(one))
            # The result is scaled by the magnitude, whose gradient needs what it scales.
            made = self.tape.op((made,), made.elements, inside, kept=(made,))
            base = self.tape.op((base,), base.elements, width, kept=(base,))
        scaled = self.tape.op((made,), made.elements, inside)
        total = self.tape.op((base, scaled), base.elements, inside, alias=inside == width)
        self.tape.drop(2)
        return self._cast(total, width)

    def _factor(
        self, value: Tensor, elements: int, width: int, size: int, *, copied: bool
    ) -> Tensor:
        """One of the two matrices of an adapter, of `size` numbers."""
        copy = size * HALF if copied else 0
        return self.tape.op(
            (value,), elements, width, kept=(value,), held=copy, scratch=copy,
            gradients=size * self.manner.adapter_width,
        )  # fmt: skip

    def _whole_of(self, value: Tensor) -> Tensor:
        return self.views.get(id(value), value)

    def _split(self, value: Tensor, parts: tuple[int, ...]) -> tuple[Tensor, ...]:
        """Views of one tensor; their gradients are put together in one as large."""
        whole = sum(parts)
        return tuple(
            self.tape.op((value,), value.elements * part // whole, value.width) for part in parts
        )

    def _attention(self, value: Tensor) -> Tensor:
        shape, tokens = self.shape, self.batch.tokens
        queries = tokens * shape.q_size
        family = shape.family
        if "attention" in family.fused:
            whole = self._linear("qkv_proj", value)
            query, key, val = self._split(whole, (shape.q_size, shape.kv_size, shape.kv_size))
            self.views[id(val)] = whole
        else:
            query = self._linear("q_proj", value)
            key = self._linear("k_proj", value)
            val = self._linear("v_proj", value)
        if not family.rotated_first:
            query, key = self._head_normed(query, key)
        self.tape.hold(query, key, val)
        query, key = self._rotated(query), self._rotated(key)
        self.tape.drop(3)
        if family.rotated_first:
            query, key = self._head_normed(query, key)
        if self.manner.autocast:
            query, key = self._cast(query, HALF), self._cast(key, HALF)
        self.tape.hold(query, key, val)
        kind = self.manner.attention
        masked = kind == "sdpa" and (self.batch.masked or self._windowed())
        if kind == "eager":
            made = self._eager(query, key, val, queries)
        elif masked:
            made = self._masked(query, key, val, queries)
        else:
            grouped = 2 * queries * query.width if shape.heads != shape.kv_heads else 0
            made = self.tape.op(
                (query, key, val), queries, query.width, keeps_output=True,
                kept=(query, key, self._whole_of(val)), held=tokens * shape.heads * FULL,
                scratch=queries * FULL + tokens * shape.heads * FULL + grouped,
            )  # fmt: skip
        if family.joined and kind == "sdpa":  # laid out as the queries, so it is copied
            made = self.tape.op((made,), queries, made.width)
        assert made.elements == queries
        assert val.elements == tokens * shape.kv_size
        found = self._linear("o_proj", made)
        self.tape.drop(3)
        return found

    def _head_normed(self, query: Tensor, key: Tensor) -> tuple[Tensor, Tensor]:
        """Queries and keys, normalized where the family does so."""
        shape = self.shape
        if not shape.family.head_norm:
            return query, key
        whole = shape.family.head_norm == "whole"
        return (
            self._norm(query, shape.q_size if whole else shape.head_dim),
            self._norm(key, shape.kv_size if whole else shape.head_dim),
        )

    def _windowed(self) -> bool:
        return self.shape.window is not None and self.batch.length >= self.shape.window

    def _rotated(self, value: Tensor) -> Tensor:
        """Rotary positions: `x·cos + rotate(x)·sin`, cosines in the dtype of the input."""
        family = self.shape.family
        if self.manner.liger and "rotary" in family.liger:
            return self.tape.op((value,), value.elements, value.width, alias=True)
        width = FULL if family.wide_rotary else max(value.width, self.input.width)
        one = self.tape.op((value,), value.elements, width)
        half = self.tape.op((value,), value.elements, value.width)
        other = self.tape.op((half,), value.elements, width)
        return self.tape.op((one, other), value.elements, width, alias=True)

    def _repeated(self, value: Tensor, elements: int) -> Tensor:
        """Keys or values, one copy a query head."""
        if value.elements == elements:
            return value
        return self.tape.op((value,), elements, value.width)

    def _masked(self, query: Tensor, key: Tensor, val: Tensor, queries: int) -> Tensor:
        """Attention by torch's memory-efficient kernel, with a mask of its own a layer."""
        batch, shape = self.batch, self.shape
        key, val = self._repeated(key, queries), self._repeated(val, queries)
        bias = batch.rows * batch.length * batch.length * query.width
        return self.tape.op(
            (query, key, val), queries, query.width, keeps_output=True,
            kept=(query, key, self._whole_of(val)), held=bias + batch.tokens * shape.heads * FULL,
            scratch=queries * FULL + batch.tokens * shape.heads * FULL,
        )  # fmt: skip

    def _eager(self, query: Tensor, key: Tensor, val: Tensor, queries: int) -> Tensor:
        """Scores written out: a matrix a head and row."""
        batch, tape = self.batch, self.tape
        key, val = self._repeated(key, queries), self._repeated(val, queries)
        scores = batch.rows * self.shape.heads * batch.length * batch.length
        width = query.width
        made = tape.op((query, key), scores, width, kept=(query, key))
        made = tape.op((made,), scores, width)
        if self.shape.attention_softcap:
            made = tape.op((made,), scores, width)
            made = tape.op((made,), scores, width, keeps_output=True)
            made = tape.op((made,), scores, width)
        made = tape.op((made,), scores, width, alias=True)  # the mask is added
        wide = self._cast(made, FULL)
        soft = tape.op((wide,), scores, FULL, keeps_output=True)
        narrow = self._cast(soft, width)
        return tape.op((narrow, val), queries, width, kept=(narrow, self._whole_of(val)))

    def _mlp(self, value: Tensor) -> Tensor:
        tape, fused = self.tape, "mlp" in self.shape.family.fused
        if fused:
            whole = self._linear("gate_up_proj", value)
            gate, up = self._split(whole, (1, 1))
        else:
            gate = self._linear("gate_proj", value)
        if self.manner.liger:
            # One kernel, which writes the gradients over what it kept; of views it makes copies.
            tape.hold(gate)
            up = up if fused else self._linear("up_proj", value)
            tape.drop()
            made = tape.op((gate, up), up.elements, up.width, kept=(gate, up), overwrites=True)
            if fused:
                tape.hold(whole)  # a view of it has a name
            found = self._linear("down_proj", made)
            tape.drop(1 if fused else 0)
            return found
        active = tape.op((gate,), gate.elements, gate.width, kept=(whole if fused else gate,))
        tape.hold(active)
        up = up if fused else self._linear("up_proj", value)
        tape.drop()
        kept = (active, whole if fused else up)
        made = tape.op((active, up), up.elements, up.width, kept=kept)
        return self._linear("down_proj", made)
