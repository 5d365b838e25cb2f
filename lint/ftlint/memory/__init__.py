"""What a run holds in GPU memory at its peak, from the model's dimensions and the method.

Usable alone: numbers in, bytes out; nothing is read. May import: no other room.

The law follows the code that runs: what LLaMA Factory casts, what torch's autograd keeps of each
operation until its backward pass, what the loss of transformers or Liger copies. No coefficient is
fitted; what the driver and the allocator add on top is a band.
"""
