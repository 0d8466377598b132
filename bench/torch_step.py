"""Training steps of one subject in PyTorch, on demand: the peer that bench/train-step.ts measures against.

Reads lines from standard input. A number of steps: runs them and answers with the milliseconds they took. "memory":
answers with the peak of the process's resident memory in MiB; "reading": with the milliseconds for the data. Usage:
    python3 bench/torch_step.py SUBJECT THREADS [channels_last]
BATCH in the environment sets the samples a step, HIDDEN the widths of mlp.
"""

import gzip
import os
import re
import sys
import time

import torch
from torch import nn

torch.manual_seed(0)


def conv_bn(inputs, outputs, stride=1, kernel=3):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs)
    )


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.body = nn.Sequential(conv_bn(inputs, outputs, stride), nn.ReLU(), conv_bn(outputs, outputs))
        self.shortcut = nn.Identity() if inputs == outputs else conv_bn(inputs, outputs, stride, 1)

    def forward(self, x):
        return torch.relu(self.body(x) + self.shortcut(x))


class TransformerBlock(nn.Module):
    """One pre-norm block with attention over all tokens, and a classifier of their mean."""

    def __init__(self, width=128, heads=4):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.projection = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.head = nn.Linear(width, 10)

    def forward(self, x):
        n, tokens, width = x.shape
        mixed = self.qkv(self.norm1(x)).view(n, tokens, 3, self.heads, width // self.heads)
        query, key, value = mixed.permute(2, 0, 3, 1, 4)
        shares = torch.softmax(query @ key.transpose(2, 3) * (width // self.heads) ** -0.5, -1)
        x = x + self.projection((shares @ value).transpose(1, 2).reshape(n, tokens, width))
        x = x + self.down(nn.functional.gelu(self.up(self.norm2(x))))
        return self.head(x.mean(1))


def resnet(blocks):
    """Like ResNet-20 for small images (He et al. 2016), with as many blocks per stage."""
    layers = [conv_bn(3, 16), nn.ReLU()]
    channels = 16
    for stage, width in enumerate((16, 32, 64)):
        for block in range(blocks):
            layers.append(Block(channels, width, 2 if stage > 0 and block == 0 else 1))
            channels = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


HIDDEN = [int(width) for width in os.environ.get("HIDDEN", "300,100").split(",")]
NETWORKS = {
    "mlp": (
        [1, 28, 28],
        lambda: nn.Sequential(
            nn.Flatten(),
            *(
                layer
                for inputs, outputs in zip((784, *HIDDEN), HIDDEN)
                for layer in (nn.Linear(inputs, outputs), nn.ReLU())
            ),
            nn.Linear(HIDDEN[-1], 10),
        ),
    ),
    "lenet5": (
        [1, 28, 28],
        lambda: nn.Sequential(
            nn.Conv2d(1, 20, 5),
            nn.MaxPool2d(2),
            nn.Conv2d(20, 50, 5),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(800, 500),
            nn.ReLU(),
            nn.Linear(500, 10),
        ),
    ),
    "lenet-cifar": (
        [3, 32, 32],
        lambda: nn.Sequential(
            nn.Conv2d(3, 6, 5),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(6, 16, 5),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(400, 120),
            nn.ReLU(),
            nn.Linear(120, 84),
            nn.ReLU(),
            nn.Linear(84, 10),
        ),
    ),
    "resnet8": ([3, 32, 32], lambda: resnet(1)),
    "resnet20": ([3, 32, 32], lambda: resnet(3)),
    "transformer": ([64, 128], TransformerBlock),
}
NETWORKS["fashion-epoch"] = NETWORKS["lenet5"]
SAMPLES = 4096
FOLDER = os.environ.get("FASHION_MNIST", "/usr/share/datasets/fashion-mnist")


def noise(shape):
    """Random samples in memory, and how a batch of them is made."""
    x, y = torch.randn(SAMPLES, *shape), torch.randint(10, (SAMPLES,))
    return SAMPLES, lambda chosen: (x[chosen], y[chosen])


def fashion():
    """Fashion-MNIST's training images, normalized once, and how a batch of them is made."""

    def read(name, header):
        with gzip.open(f"{FOLDER}/{name}.gz") as file:
            return torch.frombuffer(bytearray(file.read()[header:]), dtype=torch.uint8)

    images = read("train-images-idx3-ubyte", 16).view(-1, 1, 28, 28).float()
    labels = read("train-labels-idx1-ubyte", 8).long()
    images.sub_(images.mean()).div_(images.std())
    return len(images), lambda chosen: (images.index_select(0, chosen), labels.index_select(0, chosen))


def main():
    name, threads = sys.argv[1], int(sys.argv[2])
    memory_format = torch.channels_last if "channels_last" in sys.argv[3:] else torch.contiguous_format
    torch.set_num_threads(threads)
    shape, build = NETWORKS[name]
    batch = int(os.environ.get("BATCH", 16 if name == "transformer" else 64))
    model = build()
    if len(shape) == 3:
        model = model.to(memory_format=memory_format)
    if name == "transformer":
        optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    else:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    criterion = nn.CrossEntropyLoss()
    start = time.perf_counter()
    count, read = fashion() if name == "fashion-epoch" else noise(shape)
    reading = (time.perf_counter() - start) * 1000
    order = torch.randperm(count)
    position = 0
    print("ready", flush=True)
    for line in sys.stdin:
        if line.strip() == "memory":
            with open("/proc/self/status") as status:
                print(int(re.search(r"VmHWM:\s+(\d+)", status.read())[1]) / 1024, flush=True)
            continue
        if line.strip() == "reading":
            print(reading, flush=True)
            continue
        start = time.perf_counter()
        for _ in range(int(line)):
            if position + batch > count:
                order, position = torch.randperm(count), 0
            x, y = read(order[position : position + batch])
            position += batch
            optimizer.zero_grad(set_to_none=True)
            loss = criterion(model(x.contiguous(memory_format=memory_format) if x.dim() == 4 else x), y)
            loss.backward()
            optimizer.step()
            loss.item()
        print((time.perf_counter() - start) * 1000, flush=True)


main()
