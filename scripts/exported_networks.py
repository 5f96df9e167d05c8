"""Networks that scripts/onnx_exporters exports by torch.onnx, with random weights."""
import math

import torch
import torchvision

INT8 = "_int8"


class Cached(torch.nn.Module):
    """A block of GPT-2 with the keys and values of earlier tokens."""

    def __init__(self, width=128, heads=4, most=64):
        super().__init__()
        self.heads = heads
        self.before = torch.nn.LayerNorm(width)
        self.between = torch.nn.LayerNorm(width)
        self.projections = torch.nn.Linear(width, 3 * width)
        self.out = torch.nn.Linear(width, width)
        self.up = torch.nn.Linear(width, 4 * width)
        self.down = torch.nn.Linear(4 * width, width)
        self.register_buffer("seen", torch.tril(torch.ones(1, 1, most, most, dtype=torch.bool)))

    def forward(self, x, past_key, past_value, mask=None):
        batch, tokens, width = x.shape
        apart = [y.view(batch, tokens, self.heads, width // self.heads).transpose(1, 2)
                 for y in self.projections(self.before(x)).split(width, 2)]
        query, key, value = apart
        key = torch.cat((past_key, key), 2)
        value = torch.cat((past_value, value), 2)
        scores = query @ key.transpose(-1, -2) / math.sqrt(width // self.heads)
        keys = key.shape[2]
        scores = torch.where(self.seen[:, :, keys - tokens:keys, :keys], scores,
                             torch.tensor(torch.finfo(scores.dtype).min))
        scores = scores if mask is None else scores + mask
        y = (torch.softmax(scores, -1) @ value).transpose(1, 2).reshape(batch, tokens, width)
        x = x + self.out(y)
        x = x + self.down(torch.nn.functional.gelu(self.up(self.between(x))))
        return x, key, value


class Decoder(torch.nn.Module):
    """A decoder with what Hugging Face's optimum gives it: token numbers, a mask, positions, caches."""

    def __init__(self, width=128, words=500, most=64):
        super().__init__()
        self.words = torch.nn.Embedding(words, width)
        self.places = torch.nn.Embedding(most, width)
        self.block = Cached(width, most=most)
        self.norm = torch.nn.LayerNorm(width)

    def forward(self, input_ids, attention_mask, position_ids, past_key, past_value):
        x = self.words(input_ids) + self.places(position_ids)
        mask = 1.0 - attention_mask[:, None, None, :].to(torch.float32)
        x, key, value = self.block(x, past_key, past_value, mask * torch.finfo(torch.float32).min)
        return self.norm(x) @ self.words.weight.t(), key, value


class Llama(torch.nn.Module):
    """A block of Llama: RMS norms, rotary positions, grouped queries, SwiGLU."""

    def __init__(self, width=128, heads=8, groups=2):
        super().__init__()
        self.heads, self.groups, self.features = heads, groups, width // heads
        self.norm = torch.nn.Parameter(torch.rand(2, width) + 0.5)
        linear = lambda a, b: torch.nn.Linear(a, b, bias=False)
        self.q, self.k = linear(width, width), linear(width, groups * self.features)
        self.v, self.o = linear(width, groups * self.features), linear(width, width)
        self.gate, self.up, self.down = linear(width, 256), linear(width, 256), linear(256, width)

    def rms(self, x, index):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * self.norm[index]

    def turned(self, x):
        half = self.features // 2
        steps = 10000 ** (-torch.arange(half).float() / half)
        angles = torch.outer(torch.arange(x.shape[2]).float(), steps)
        angles = torch.cat((angles, angles), -1)[None, None]
        return x * angles.cos() + torch.cat((-x[..., half:], x[..., :half]), -1) * angles.sin()

    def forward(self, x):
        batch, tokens, width = x.shape
        y = self.rms(x, 0)
        apart = lambda z, n: z.view(batch, tokens, n, self.features).transpose(1, 2)
        q = self.turned(apart(self.q(y), self.heads))
        k = self.turned(apart(self.k(y), self.groups))
        v = apart(self.v(y), self.groups)
        shared = lambda z: z[:, :, None].expand(
            batch, self.groups, self.heads // self.groups, tokens, self.features).reshape(
                batch, self.heads, tokens, self.features)
        mask = torch.full((tokens, tokens), -1e9).triu(1)
        scores = q @ shared(k).transpose(-1, -2) / math.sqrt(self.features) + mask
        y = (torch.softmax(scores, -1) @ shared(v)).transpose(1, 2).reshape(batch, tokens, width)
        x = x + self.o(y)
        y = self.rms(x, 1)
        return x + self.down(torch.nn.functional.silu(self.gate(y)) * self.up(y))


class Dictionary(torch.nn.Module):
    """What a torchvision network gives under one name."""

    def __init__(self, model, key):
        super().__init__()
        self.model, self.key = model, key

    def forward(self, x):
        return self.model(x)[self.key]


class Detector(torch.nn.Module):
    """The part of a detector before boxes are chosen by their scores."""

    def __init__(self, model):
        super().__init__()
        self.backbone, self.head = model.backbone, model.head

    def forward(self, x):
        found = self.head(list(self.backbone(x).values()))
        return found["bbox_regression"], found["cls_logits"]


class Sequence(torch.nn.Module):
    """The outputs of a recurrent layer."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return self.layer(x)[0]


def with_statistics(model):
    """Batch normalisations with numbers that a fold has to fold."""
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.1, 0.1)
            module.running_var.uniform_(0.5, 1.5)
            module.weight.data.uniform_(0.5, 1.0)
            module.bias.data.uniform_(-0.1, 0.1)
    return model


def images(size):
    return [torch.randn(1, 3, size, size)]


def network(name):
    """The network of that name in evaluation, and inputs for it."""
    detection = torchvision.models.detection
    segmentation = torchvision.models.segmentation
    none = {"weights": None, "weights_backbone": None}
    if name == "ssdlite320_mobilenet_v3_large":
        return Detector(with_statistics(detection.ssdlite320_mobilenet_v3_large(**none))), images(320)
    if name.startswith("deeplabv3"):
        return Dictionary(with_statistics(getattr(segmentation, name)(**none)), "out"), images(224)
    if name in ("lstm", "lstm_bidirectional"):
        layer = torch.nn.LSTM(64, 64, 2, bidirectional=name != "lstm", batch_first=True)
        return Sequence(layer), [torch.randn(1, 16, 64)]
    if name == "gru":
        return Sequence(torch.nn.GRU(64, 64, 1)), [torch.randn(16, 1, 64)]
    if name == "transformer_encoder":
        layer = torch.nn.TransformerEncoderLayer(128, 4, 256, activation="gelu")
        return torch.nn.TransformerEncoder(layer, 2), [torch.randn(24, 1, 128)]
    if name == "transformer_encoder_batch_first":
        layer = torch.nn.TransformerEncoderLayer(128, 4, 256, batch_first=True)
        return torch.nn.TransformerEncoder(layer, 2), [torch.randn(2, 24, 128)]
    if name in ("gpt_prompt", "gpt_step"):
        tokens, past = (12, 4) if name == "gpt_prompt" else (1, 31)
        return Cached(), [torch.randn(1, tokens, 128), torch.randn(1, 4, past, 32),
                          torch.randn(1, 4, past, 32)]
    if name == "decoder_step":
        return Decoder(), [torch.randint(0, 500, (1, 1)), torch.ones(1, 16, dtype=torch.int64),
                           torch.tensor([[15]]), torch.randn(1, 4, 15, 32), torch.randn(1, 4, 15, 32)]
    if name == "llama":
        return Llama(), [torch.randn(1, 16, 128)]
    own = {"aux_logits": False, "init_weights": True} if name in ("inception_v3", "googlenet") else {}
    model = getattr(torchvision.models, name)(weights=None, **own)
    if name == "vit_b_16":
        torch.nn.init.normal_(model.heads.head.weight, std=0.05)  # zeros, as torchvision makes them
    return with_statistics(model), images(299 if name == "inception_v3" else 224)


def quantised(name):
    """The same, quantised by PyTorch: ranges of its input, weights by output channel."""
    plain = name.removesuffix(INT8)
    own = {"aux_logits": False, "init_weights": True} if plain in ("inception_v3", "googlenet") else {}
    model = with_statistics(getattr(torchvision.models.quantization, plain)(weights=None, **own))
    model.eval()
    inputs = images(299 if plain == "inception_v3" else 224)
    torch.backends.quantized.engine = "onednn"
    model.fuse_model()
    model.qconfig = torch.ao.quantization.get_default_qconfig("onednn")
    torch.ao.quantization.prepare(model, inplace=True)
    model(*inputs)
    torch.ao.quantization.convert(model, inplace=True)
    return model, inputs
