"""The contrastive loss."""

import torch
from torch import Tensor
from torch.nn import functional


def nt_xent(z_i: Tensor, z_j: Tensor, temperature: float) -> Tensor:
    """Normalised temperature-scaled cross entropy of two views (Chen et al. 2020, SimCLR, equation 1).

    `z_i`, `z_j`: (batch, dimensions), row k of both from the same clip. For each of the 2·batch views the
    other view of its clip is the right answer among all views but itself; cosine similarity. Returns the
    mean over views. Raises ValueError for other shapes or a temperature that is not positive.
    """
    if z_i.shape != z_j.shape or z_i.ndim != 2 or len(z_i) == 0:
        raise ValueError(f"expected two arrays (batch, dimensions), got {tuple(z_i.shape)}, {tuple(z_j.shape)}")
    if temperature <= 0:
        raise ValueError(f"temperature must be positive, got {temperature}")
    count = len(z_i)
    # at least float32 whatever the mixed precision: exp of similarities / temperature loses too much below it
    exact = torch.promote_types(torch.promote_types(z_i.dtype, z_j.dtype), torch.float32)
    with torch.autocast(z_i.device.type, enabled=False):
        views = functional.normalize(torch.cat([z_i.to(exact), z_j.to(exact)]), dim=1)
        similarity = views @ views.T / temperature
    similarity = similarity.masked_fill(torch.eye(2 * count, dtype=torch.bool, device=views.device), float("-inf"))
    partner = torch.arange(2 * count, device=views.device).roll(count)
    return functional.cross_entropy(similarity, partner)
