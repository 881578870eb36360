"""The PyTorch side of the kit's benches: the cases that ours measured, in plain PyTorch on the same GPU.

Usage: peer_torch_cuda.py gemm|attention|step|generate|lora OURS ANSWER
Reads the cases of the JSON file OURS and writes their times to ANSWER, after each case anew. Needs torch alone.
  gemm       x @ w.t() and dy @ w; in fp8 torch._scaled_mm, with scaling and rounding of the activations in the time
  attention  scaled_dot_product_attention, forward and backward; FlashAttention-2 where torch has it for the mask
  step       a Llama, eager, logits at every position
  generate   LLaDA's published sampler: a whole forward a step, the surest tokens of the block first
  lora       forward, backward, clipping and AdamW of an adapter of rank 16 beside every linear map
"""
import json
import math
import sys
import time

import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.checkpoint import checkpoint

TYPES = {"f32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16, "fp8": torch.bfloat16}
E4M3, E5M2 = torch.float8_e4m3fn, torch.float8_e5m2
REPETITIONS, WARM_UPS, ENOUGH_MS, MOST_RUNS = 9, 3, 40, 200


def millis(work, runs):
    torch.cuda.synchronize()
    start = time.perf_counter()
    for _ in range(runs):
        work()
    torch.cuda.synchronize()
    return (time.perf_counter() - start) * 1e3


def timed(work, shared=True):
    for _ in range(WARM_UPS):
        millis(work, 1)
    one = min(millis(work, 1), millis(work, 1))
    runs = max(1, min(MOST_RUNS, math.ceil(ENOUGH_MS / one))) if shared else 1
    times = sorted(millis(work, runs) / runs for _ in range(3 if one > 2000 else REPETITIONS))
    return {"ms": times[len(times) // 2], "least_ms": times[0], "most_ms": times[-1], "runs": runs}


def quantized(x, kind):
    """x scaled as a whole to the range of `kind`, and what to multiply the product with."""
    scale = x.abs().amax().float().clamp(min=1e-12) / torch.finfo(kind).max
    return (x / scale).to(kind), scale


class Frozen8(torch.autograd.Function):
    """A product with a frozen matrix kept in e4m3, in both orientations; gradients are e5m2."""

    @staticmethod
    def forward(ctx, x, w, turned, scale):
        ctx.kept = (turned, scale)
        x8, s = quantized(x, E4M3)
        return torch._scaled_mm(x8, w.t(), scale_a=s, scale_b=scale, out_dtype=torch.bfloat16, use_fast_accum=True)

    @staticmethod
    def backward(ctx, dy):
        turned, scale = ctx.kept
        dy8, s = quantized(dy.contiguous(), E5M2)
        return torch._scaled_mm(dy8, turned.t(), scale_a=s, scale_b=scale, out_dtype=torch.bfloat16,
                                use_fast_accum=False), None, None, None


class Map(torch.nn.Module):
    """A frozen linear map, in fp8 if asked, with an adapter beside it if asked."""

    def __init__(self, out, into, dtype, rank=0):
        super().__init__()
        w = torch.randn(out, into, device="cuda", dtype=TYPES[dtype]) * 0.02
        self.eight = dtype == "fp8"
        if self.eight:
            self.w, self.scale = quantized(w, E4M3)
            self.turned = self.w.t().contiguous()
        else:
            self.w = w
        self.rank = rank
        if rank:
            self.a = torch.nn.Parameter(torch.randn(rank, into, device="cuda") / math.sqrt(into))
            self.b = torch.nn.Parameter(torch.zeros(out, rank, device="cuda"))

    def forward(self, x):
        shape = x.shape
        x = x.reshape(-1, shape[-1])
        y = Frozen8.apply(x, self.w, self.turned, self.scale) if self.eight else F.linear(x, self.w)
        if self.rank:
            y = y + 2.0 * F.linear(F.linear(x, self.a.to(x.dtype)), self.b.to(x.dtype))
        return y.view(*shape[:-1], -1)


def norm(x, gain):
    return F.rms_norm(x, (x.shape[-1],), gain, 1e-5)


def rotated(x, cos, sin):
    low, high = x.chunk(2, dim=-1)
    return torch.cat((low * cos - high * sin, high * cos + low * sin), dim=-1)


class Layer(torch.nn.Module):
    def __init__(self, p, dtype, rank):
        super().__init__()
        d, h, k, f = p["width"], p["heads"] * p["head_width"], p["kv_heads"] * p["head_width"], p["feed_forward"]
        self.p = p
        self.q, self.k, self.v = Map(h, d, dtype, rank), Map(k, d, dtype, rank), Map(k, d, dtype, rank)
        self.o = Map(d, h, dtype, rank)
        self.gate, self.up, self.down = Map(f, d, dtype, rank), Map(f, d, dtype, rank), Map(d, f, dtype, rank)
        self.first = torch.ones(d, device="cuda", dtype=TYPES[dtype])
        self.second = torch.ones(d, device="cuda", dtype=TYPES[dtype])

    def forward(self, x, cos, sin):
        b, t, _ = x.shape
        n = norm(x, self.first)
        q, k, v = ((m(n).view(b, t, -1, self.p["head_width"]).transpose(1, 2)) for m in (self.q, self.k, self.v))
        y = F.scaled_dot_product_attention(rotated(q, cos, sin), rotated(k, cos, sin), v, enable_gqa=True)
        x = x + self.o(y.transpose(1, 2).reshape(b, t, -1))
        n = norm(x, self.second)
        return x + self.down(F.silu(self.gate(n)) * self.up(n))


class Llama(torch.nn.Module):
    def __init__(self, p, dtype, rank=0, recompute=False):
        super().__init__()
        self.p, self.recompute, self.dtype = p, recompute, TYPES[dtype]
        self.embedding = torch.randn(p["vocabulary"], p["width"], device="cuda", dtype=self.dtype) * 0.02
        self.layers = torch.nn.ModuleList(Layer(p, dtype, rank) for _ in range(p["layers"]))
        self.last = torch.ones(p["width"], device="cuda", dtype=self.dtype)
        self.head = Map(p["vocabulary"], p["width"], "bf16" if dtype == "fp8" else dtype)

    def forward(self, ids):
        x = F.embedding(ids, self.embedding)
        half = self.p["head_width"] // 2
        speed = 500000.0 ** (-torch.arange(half, device="cuda") / half)
        turn = torch.arange(ids.shape[1], device="cuda")[:, None] * speed
        cos, sin = turn.cos().to(self.dtype), turn.sin().to(self.dtype)
        if self.layers[0].q.rank:
            x.requires_grad_()
        for layer in self.layers:
            x = checkpoint(layer, x, cos, sin, use_reentrant=False) if self.recompute else layer(x, cos, sin)
        return self.head(norm(x, self.last))


def gemm(p, dtype):
    rows, out, into = p["rows"], p["out"], p["in"]
    w = Map(out, into, dtype)
    if p["backward"]:
        dy = torch.randn(rows, out, device="cuda", dtype=TYPES[dtype])
        if dtype != "fp8":
            return timed(lambda: dy @ w.w)

        def back():
            dy8, s = quantized(dy, E5M2)
            torch._scaled_mm(dy8, w.turned.t(), scale_a=s, scale_b=w.scale, out_dtype=torch.bfloat16)
        return timed(back)
    x = torch.randn(rows, into, device="cuda", dtype=TYPES[dtype])
    with torch.inference_mode():
        return timed(lambda: w(x))


def attention(p, dtype):
    shape = (p["batch"], p["length"], p["heads"], p["width"])
    q, k, v, dy = (torch.randn(shape, device="cuda", dtype=TYPES[dtype]).transpose(1, 2) for _ in range(4))
    mask = None
    if p["mask"] == "annealed":
        t = p["length"]
        mask = torch.rand(t, t, device="cuda") < 0.5
        mask |= torch.ones(t, t, device="cuda", dtype=torch.bool).tril()
    backends = [SDPBackend.FLASH_ATTENTION] if mask is None else [
        SDPBackend.CUDNN_ATTENTION, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH]
    with sdpa_kernel(backends):
        def forward():
            return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=p["mask"] == "causal")
        if not p["backward"]:
            with torch.inference_mode():
                return timed(forward)
        for x in (q, k, v):
            x.requires_grad_()
        y = forward()
        return timed(lambda: torch.autograd.grad(y, (q, k, v), dy, retain_graph=True))


def step(p, dtype):
    with torch.inference_mode():
        m = Llama(p, dtype)
        ids = torch.randint(0, p["vocabulary"], (1, p["tokens"]), device="cuda")
        return timed(lambda: m(ids))


def generate(p, dtype):
    mask = p["vocabulary"] - 1
    blocks = p["answer"] // p["block"]
    each = p["steps"] // blocks
    opened = p["block"] // each

    def answer():
        x = torch.full((1, p["prompt"] + p["answer"]), mask, device="cuda")
        x[:, :p["prompt"]] = prompt
        for block in range(blocks):
            end = p["prompt"] + (block + 1) * p["block"]
            for _ in range(each):
                hidden = x == mask
                logits = m(x)
                token = logits.argmax(-1)
                sure = F.softmax(logits.to(torch.float64), dim=-1).gather(-1, token[..., None])[..., 0]
                sure[:, end:] = -math.inf
                sure = torch.where(hidden, sure, -math.inf)
                at = sure[0].topk(opened).indices
                x[0, at] = torch.where(hidden, token, x)[0, at]
        return x

    with torch.inference_mode():
        m = Llama(p, dtype)
        prompt = torch.randint(0, mask, (1, p["prompt"]), device="cuda")
        return timed(answer, shared=False)


def lora(p, dtype):
    m = Llama(p, dtype, p["rank"], p["recompute"])
    mask, batch, tokens = p["vocabulary"] - 1, p["batch"], p["tokens"]
    trained = [w for w in m.parameters() if w.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-3, weight_decay=0.01, fused=True)
    scaler = torch.amp.GradScaler("cuda", enabled=dtype == "f16")

    def train():
        ids = torch.randint(0, mask, (batch, tokens), device="cuda")
        free = torch.arange(tokens, device="cuda") >= tokens // 4
        t = torch.rand(batch, 1, device="cuda") * 0.999 + 0.001
        masked = (torch.rand(batch, tokens, device="cuda") < t) & free
        logits = m(torch.where(masked, mask, ids))[:, :-1]
        losses = F.cross_entropy(logits.float().reshape(-1, p["vocabulary"]), ids[:, 1:].reshape(-1), reduction="none")
        weights = (masked[:, 1:] / t).view(-1)
        loss = (losses * weights).sum() / masked[:, 1:].sum().clamp(min=1)
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad(set_to_none=True)
        loss.item()

    return timed(train, shared=False)


def main():
    kind, ours, answer = sys.argv[1:]
    if not torch.cuda.is_available():
        sys.exit("torch " + torch.__version__ + " sees no GPU")
    torch.manual_seed(0)
    measure = {"gemm": gemm, "attention": attention, "step": step, "generate": generate, "lora": lora}[kind]
    facts = {"torch": torch.__version__, "cuda": torch.version.cuda, "cudnn": torch.backends.cudnn.version(),
             "device": torch.cuda.get_device_name()}
    rows = []
    with open(ours) as f:
        cases = json.load(f)["rows"]
    for case in cases:
        row = {"case": case["case"]}
        try:
            row.update(measure(case["parameters"], case["dtype"]))
        except Exception as failure:
            row["failed"] = f"{type(failure).__name__}: {failure}"[:300]
        rows.append(row)
        print(row, flush=True)
        with open(answer, "w") as f:
            json.dump({"facts": facts, "rows": rows}, f)
        torch.cuda.empty_cache()


if __name__ == "__main__":
    main()
