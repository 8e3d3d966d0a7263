"""Variational autoencoders invariant to rotation, translation and scale: numpy in, numpy out.

The parts in the order of the work: `networks` (stacked encoders and decoders), `transforms`
(coordinates turned, scaled and shifted), `elbo` (likelihoods and divergences), `training`,
`encoding` (with `turning`). Other packages call `train`, `encode` and `codes_of`.
"""

from corescout.data import Encoding
from corescout.vae.encoding import codes_of, encode, reconstruct
from corescout.vae.exchange import Exchanged, read_pyroved, why_not_pyroved, write_pyroved
from corescout.vae.pyroved_engine import check_engine, train_with_pyroved
from corescout.vae.schedule import as_many_steps, epochs_of
from corescout.vae.specification import Specification, specification_of
from corescout.vae.threads import single_threaded
from corescout.vae.training import Trained, check_device, train

__all__ = [
    "Encoding",
    "Exchanged",
    "Specification",
    "Trained",
    "as_many_steps",
    "check_device",
    "check_engine",
    "codes_of",
    "encode",
    "epochs_of",
    "read_pyroved",
    "reconstruct",
    "single_threaded",
    "specification_of",
    "train",
    "train_with_pyroved",
    "why_not_pyroved",
    "write_pyroved",
]
