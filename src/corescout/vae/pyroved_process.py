"""The process that trains one iVAE: `python -m corescout.vae.pyroved_process FOLDER`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from corescout.vae.pyroved_engine import JOB, PATCHES, WEIGHTS


def main(folder: Path) -> None:
    """Read patches and job of a folder, train, write the state dict beside them."""
    import torch
    from pyroved.models import iVAE
    from pyroved.trainers import SVItrainer
    from pyroved.utils import init_dataloader

    torch.set_num_threads(1)
    job = json.loads((folder / JOB).read_text(encoding="utf-8"))
    patches = torch.as_tensor(np.load(folder / PATCHES))
    model = iVAE(**job["model"], seed=job["seed"], device="cpu")
    trainer = SVItrainer(model, lr=job["learning_rate"], seed=job["seed"], device="cpu")
    loader = init_dataloader(patches, batch_size=job["batch_size"])
    for epoch in range(1, job["epochs"] + 1):
        trainer.step(loader, scale_factor=job["scale_factor"])
        sys.stdout.write(f"epoch {epoch}\n")
        sys.stdout.flush()
    torch.save(model.state_dict(), folder / WEIGHTS)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
