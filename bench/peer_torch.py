"""The PyTorch side of bench/compare: the same model and the same algorithm, one repetition whenever it is told to.

Usage: peer_torch.py FOLDER --work step|train|generate|llada [--dtype f32|bf16] [--llada DIR]
  step      one denoising forward of 256 tokens with logits at every position, as the reference samplers do
  train     one ddm-sft LoRA optimizer step on 8 rows of 256 tokens: forward, backward, clip, AdamW
  generate  128 tokens after a prompt of 64 in 64 steps, by the sampler that DiffuLLaMA's trainer uses
  llada     the same length and steps in blocks of 32, by LLaDA's own generate.py in DIR, a checkout of ML-GSAI/LLaDA

Keeps the model in FOLDER/model, made with fixed random weights where it is missing. Then reads commands, one a line,
and answers each with one JSON line:
  check   computes what FOLDER/check.json asks for into FOLDER/peer.safetensors, without dropout
  repeat  one repetition on numbers of its own; answers its milliseconds
"""
import argparse
import json
import os
import platform
import re
import sys
import time

# Answers alone go to the real standard output; what libraries print goes where errors go.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM

V = 32000
MASK = V - 1
TYPES = {"f32": torch.float32, "bf16": torch.bfloat16}
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def answer(value):
    answers.write(json.dumps(value) + "\n")
    answers.flush()


def facts():
    import transformers
    onednn = re.search(r"MKL-DNN v([\d.]+)", torch.__config__.show())
    found = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "threads": torch.get_num_threads(),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "onednn": onednn.group(1) if onednn else "none",
        "environment": {k: v for k, v in sorted(os.environ.items()) if re.match("OMP_|GOMP_|KMP_|MKL_|ONEDNN_|DNNL_|TORCH_", k)},
    }
    if a.work == "train":
        import peft
        found["peft"] = peft.__version__
    return found


def load():
    path = os.path.join(a.folder, "model")
    if not os.path.exists(os.path.join(path, "config.json")):
        torch.manual_seed(0)
        cfg = LlamaConfig(hidden_size=768, intermediate_size=2048, num_hidden_layers=12, num_attention_heads=12,
                          num_key_value_heads=12, vocab_size=V, max_position_embeddings=2048, rms_norm_eps=1e-5,
                          tie_word_embeddings=False)
        LlamaForCausalLM(cfg).save_pretrained(path + ".new")
        os.rename(path + ".new", path)
    # Loading in the type, not casting afterwards, leaves the rotary frequencies in f32, as ours are.
    model = LlamaForCausalLM.from_pretrained(path, dtype=dt, attn_implementation="sdpa").eval()
    for p in model.parameters():  # into memory of its own instead of the mapped file, where it may lie unaligned
        p.data = p.data.clone()
    return model


def full(x):  # additive zero mask: bidirectional
    return torch.zeros(x.shape[0], 1, x.shape[1], x.shape[1], dtype=dt)


class Step:
    def __init__(self):
        self.m = load()
        self.x = torch.randint(0, V, (1, 256))

    def forward(self, x):
        return self.m(x, attention_mask=full(x), use_cache=False).logits

    def check(self, asked):
        with torch.inference_mode():
            logits = self.forward(torch.tensor([asked["ids"]]))
        return {"logits": logits[0].float()}, {}

    def repeat(self):
        with torch.inference_mode():
            t = time.perf_counter()
            self.forward(self.x)
            return time.perf_counter() - t


class Train:
    def __init__(self):
        self.m = load()
        self.run = None

    def check(self, asked):
        from peft import PeftModel
        pm = PeftModel.from_pretrained(self.m, os.path.join(a.folder, "adapter"), is_trainable=True)
        run = Steps(pm, asked["learning_rate"])
        gradients, losses, norms = {}, [], []
        for number, one in enumerate(asked["steps"]):
            ids = torch.tensor(one["ids"])
            loss = run.backward(ids, torch.tensor(one["times"]).view(-1, 1), torch.tensor(one["masked"]))
            if number == 0:
                gradients = {re.sub(r"^base_model\.model\.|\.default(?=\.weight)", "", n): p.grad.clone()
                             for n, p in pm.named_parameters() if p.requires_grad}
            norms.append(run.update())
            losses.append(loss)
        self.m = pm.unload()
        return gradients, {"losses": losses, "norms": norms}

    def repeat(self):
        if self.run is None:
            from peft import LoraConfig, get_peft_model
            self.run = Steps(get_peft_model(self.m, LoraConfig(r=16, lora_alpha=32, lora_dropout=0.1,
                                                               target_modules=TARGETS)), 5e-5)
        t = time.perf_counter()
        self.run.step()
        return time.perf_counter() - t


class Steps:
    """Optimizer steps on the adapter of a peft model, whose weights are kept in f32."""

    def __init__(self, pm, rate):
        self.pm = pm.train()
        for p in pm.parameters():
            if p.requires_grad:
                p.data = p.data.float()
        self.params = [p for p in pm.parameters() if p.requires_grad]
        self.opt = torch.optim.AdamW(self.params, lr=rate, weight_decay=0.01)

    def backward(self, ids, t, mk):
        xt = torch.where(mk, MASK, ids)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dt == torch.bfloat16):
            lg = self.pm(xt, attention_mask=full(xt), use_cache=False).logits[:, :-1]
        B, L = ids.shape
        loss = F.cross_entropy(lg.float().reshape(-1, V), ids[:, 1:].reshape(-1), reduction="none").view(B, L - 1)
        w = mk[:, 1:].float() / t
        loss = (loss * w).sum() / mk[:, 1:].sum().clamp(min=1)
        loss.backward()
        return loss.item()

    def update(self):
        norm = torch.nn.utils.clip_grad_norm_(self.params, 1.0)
        self.opt.step()
        self.opt.zero_grad(set_to_none=True)
        return norm.item()

    def step(self):
        B, L = 8, 256
        ids = torch.randint(0, MASK, (B, L))
        src = torch.zeros(B, L, dtype=torch.bool)
        src[:, :L // 4] = True
        t = torch.rand(B, 1) * 0.999 + 0.001
        mk = (torch.rand(B, L) < t) & ~src
        self.backward(ids, t, mk)
        self.update()


class Generate(Step):
    """Confidence order with the likeliest tokens: all columns are predicted at each step, and the surest of the free
    ones are open after it."""

    def __init__(self):
        super().__init__()
        self.asked = {"prompt": torch.randint(0, MASK, (64,)).tolist(), "answer": 128, "steps": 64, "mask": MASK}

    def predict(self, x, hidden):
        score, token = torch.log_softmax(self.forward(x).float(), dim=-1).max(-1)
        token = torch.cat([x[:, :1], token[:, :-1]], dim=1)  # column i is predicted at column i - 1
        score = torch.cat([score[:, :1], score[:, :-1]], dim=1)
        return torch.where(hidden, token, x), score

    def generate(self, asked):
        steps = asked["steps"]
        x = torch.tensor([asked["prompt"] + [asked["mask"]] * asked["answer"]])
        free = torch.arange(x.shape[1])[None] >= len(asked["prompt"])
        hidden = free.clone()
        count = free.sum(1, keepdim=True)
        x0, score = self.predict(x, hidden)
        for t in range(steps - 1, 0, -1):
            keep = (count * (t / steps)).long()
            competing = score.masked_fill(~free, 1000.0)
            cut = competing.sort(-1)[0].gather(1, keep)
            opened = hidden & ~(competing < cut)
            x = torch.where(opened, x0, x)
            hidden = hidden & ~opened
            x0, score = self.predict(x, hidden)
        return x0

    def check(self, asked):
        self.asked = asked
        with torch.inference_mode():
            return {"ids": (ids := self.generate(asked)[0])}, {"ids": ids.tolist()}

    def repeat(self):
        with torch.inference_mode():
            t = time.perf_counter()
            self.generate(self.asked)
            return time.perf_counter() - t


class Llada(Step):
    """LLaDA's own sampler over the same model: blocks of 32, low confidence, temperature 0."""

    device = torch.device("cpu")

    def __init__(self):
        super().__init__()
        sys.path.insert(0, a.llada)
        import generate
        self.sampler = generate.generate
        self.asked = {"prompt": torch.randint(0, MASK, (64,)).tolist(), "answer": 128, "steps": 64, "block": 32,
                      "mask": MASK}

    def __call__(self, x, attention_mask=None):
        return self.m(x, attention_mask=full(x), use_cache=False)

    def generate(self, asked):
        return self.sampler(self, torch.tensor([asked["prompt"]]), steps=asked["steps"], gen_length=asked["answer"],
                            block_length=asked["block"], mask_id=asked["mask"])

    def check(self, asked):
        self.asked = asked
        ids = self.generate(asked)[0]
        return {"ids": ids}, {"ids": ids.tolist()}

    def repeat(self):
        with torch.inference_mode():
            t = time.perf_counter()
            self.generate(self.asked)
            return time.perf_counter() - t


def check(work):
    with open(os.path.join(a.folder, "check.json")) as f:
        tensors, values = work.check(json.load(f))
    save_file({n: t.contiguous() for n, t in tensors.items()}, os.path.join(a.folder, "peer.safetensors"))
    return values


ap = argparse.ArgumentParser()
ap.add_argument("folder")
ap.add_argument("--work", choices=["step", "train", "generate", "llada"], required=True)
ap.add_argument("--llada", default="")
ap.add_argument("--dtype", choices=TYPES, default="f32")
a = ap.parse_args()
dt = TYPES[a.dtype]
work = {"step": Step, "train": Train, "generate": Generate, "llada": Llada}[a.work]()
answer(facts())
for line in sys.stdin:
    command = line.strip()
    if command == "check":
        answer(check(work))
    elif command == "repeat":
        answer({"ms": work.repeat() * 1e3})
    else:
        sys.exit(f"commands are check and repeat, but got '{command}'")
