"""Training steps of one network in PyTorch, on demand: the peer that bench/train-step.ts measures against.

Reads lines from standard input, each a number of steps; runs them and answers with the milliseconds they took. Usage:
    python3 bench/torch_step.py NETWORK BATCH THREADS [channels_last]
"""

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


NETWORKS = {
    "mlp": (
        [1, 28, 28],
        lambda: nn.Sequential(
            nn.Flatten(), nn.Linear(784, 300), nn.ReLU(), nn.Linear(300, 100), nn.ReLU(), nn.Linear(100, 10)
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
    "resnet8": (
        [3, 32, 32],
        lambda: nn.Sequential(
            conv_bn(3, 16),
            nn.ReLU(),
            Block(16, 16, 1),
            Block(16, 32, 2),
            Block(32, 64, 2),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(64, 10),
        ),
    ),
}
SAMPLES = 4096


def main():
    name, batch, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    memory_format = torch.channels_last if "channels_last" in sys.argv[4:] else torch.contiguous_format
    torch.set_num_threads(threads)
    shape, build = NETWORKS[name]
    model = build()
    if len(shape) == 3:
        model = model.to(memory_format=memory_format)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    criterion = nn.CrossEntropyLoss()
    x = torch.randn(SAMPLES, *shape)
    y = torch.randint(10, (SAMPLES,))
    order = torch.randperm(SAMPLES)
    position = 0
    print("ready", flush=True)
    for line in sys.stdin:
        start = time.perf_counter()
        for _ in range(int(line)):
            if position + batch > SAMPLES:
                order, position = torch.randperm(SAMPLES), 0
            chosen = order[position : position + batch]
            position += batch
            optimizer.zero_grad(set_to_none=True)
            loss = criterion(model(x[chosen].contiguous(memory_format=memory_format)), y[chosen])
            loss.backward()
            optimizer.step()
            loss.item()
        print((time.perf_counter() - start) * 1000, flush=True)


main()
