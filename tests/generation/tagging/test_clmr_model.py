"""CLMR's encoder, heads, loss, checkpoints, segments and tagger."""

import argparse
import pickle
from collections import OrderedDict

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from generation import hardware
from generation.tagging import ClmrOptions, TaggingError, build_tagger
from generation.tagging.clmr import (
    SEGMENT,
    CheckpointError,
    Head,
    SampleCNN,
    load_encoder_checkpoint,
    load_head,
    nt_xent,
    save_encoder,
    save_head,
)
from generation.tagging.clmr.runtime import build_encode, choose_precision
from generation.tagging.clmr.segments import cut_segments
from generation.tagging.clmr.tagger import ClmrTagger

NARROW = (4, 4, 4, 8, 8, 8)  # segments of 243 samples


def lively(encoder: SampleCNN, seed: int = 0) -> SampleCNN:
    """Random weights with running statistics that are not the identity."""
    generator = torch.Generator().manual_seed(seed)
    for module in encoder.modules():
        if isinstance(module, nn.BatchNorm1d):
            for values, low in ((module.running_mean, -0.2), (module.running_var, 0.5)):
                values.copy_(torch.rand(values.shape, generator=generator) + low)
            module.weight.data.copy_(torch.rand(module.weight.shape, generator=generator) + 0.5)
    return encoder.eval()


@pytest.fixture
def encoder() -> SampleCNN:
    torch.manual_seed(0)
    return lively(SampleCNN(widths=NARROW))


class TestNetwork:
    def test_the_keys_are_the_published_ones(self):
        keys = [key for key in SampleCNN().state_dict() if not key.endswith("num_batches_tracked")]
        assert keys[0] == "sequential.0.0.weight"
        assert keys[-2:] == ["fc.weight", "fc.bias"]
        assert len(keys) == 11 * 6 + 2  # eleven layers of convolution (2) and normalisation (4), and fc
        shapes = SampleCNN().state_dict()
        assert shapes["sequential.3.0.weight"].shape == (256, 128, 3)
        assert shapes["sequential.9.0.weight"].shape == (512, 256, 3)
        assert shapes["sequential.10.1.running_mean"].shape == (512,)

    def test_one_segment_becomes_512_numbers_and_50_logits(self):
        network = SampleCNN().eval()
        with torch.inference_mode():
            x = torch.randn(1, 1, SEGMENT)
            representation = network.representation(x)
            assert representation.shape == (1, 512)
            torch.testing.assert_close(network(x), network.fc(representation))

    def test_the_output_is_that_of_the_layers_as_published(self, encoder):
        """By hand: stem of stride three, then convolution, normalisation, ReLU and pooling by three."""
        state = encoder.state_dict()
        x = torch.randn(2, 1, 243)
        out = x
        for layer in range(len(NARROW)):
            name = f"sequential.{layer}"
            stem, last = layer == 0, layer == len(NARROW) - 1
            out = functional.conv1d(
                out,
                state[f"{name}.0.weight"],
                state[f"{name}.0.bias"],
                stride=3 if stem else 1,
                padding=0 if stem else 1,
            )
            scale = state[f"{name}.1.weight"] / (state[f"{name}.1.running_var"] + 1e-5).sqrt()
            out = (out - state[f"{name}.1.running_mean"][:, None]) * scale[:, None]
            out = (out + state[f"{name}.1.bias"][:, None]).relu()
            if not stem and not last:
                out = functional.max_pool1d(out, 3, 3)
        torch.testing.assert_close(encoder.representation(x), out.reshape(2, -1))

    def test_another_length_is_refused(self, encoder):
        with pytest.raises(ValueError, match=r"expected audio of shape \(batch, 1, 243\)"):
            encoder.representation(torch.zeros(1, 1, 244))

    @pytest.mark.parametrize(("precision", "near"), [("float32", 1e-5), ("bfloat16", 0.05)])
    @pytest.mark.parametrize("runtime", ["torch", "openvino"])
    def test_every_runtime_gives_the_encoders_own_numbers(self, encoder, runtime, precision, near, monkeypatch):
        monkeypatch.setattr(hardware, "processor_flags", lambda: {"avx512_bf16"})  # also where it is emulated
        if runtime == "openvino":
            pytest.importorskip("openvino")
        segments = np.random.default_rng(0).standard_normal((5, 243)).astype(np.float32)
        encode, name = build_encode(encoder, runtime, precision)
        with torch.inference_mode():
            expected = encoder.representation(torch.from_numpy(segments)[:, None]).numpy()
        found = encode(segments)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected, rtol=0, atol=near * np.abs(expected).max())
        assert name.startswith(runtime)
        assert name.endswith(precision)


class TestPrecision:
    """The processor decides: bfloat16 without instructions for it is several times slower than float32."""

    @pytest.mark.parametrize(
        ("flags", "expected"),
        [
            ({"avx2", "avx512f", "avx512_vnni", "amx_bf16"}, "bfloat16"),
            ({"avx2", "avx512f", "avx512_bf16"}, "bfloat16"),
            ({"asimd", "bf16"}, "bfloat16"),
            ({"avx2", "avx512f", "avx512_vnni", "avx512bw"}, "float32"),
            (set(), "float32"),
        ],
    )
    def test_it_is_chosen_by_what_the_processor_has(self, encoder, monkeypatch, flags, expected, caplog):
        monkeypatch.setattr(hardware, "processor_flags", lambda: flags)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        for asked in ("auto", "bfloat16"):
            caplog.clear()
            with caplog.at_level("INFO", "generation.tagging.clmr.runtime"):
                _, name = build_encode(encoder, "torch", asked)
            assert f"cpu {expected}" in name
            assert f"CLMR computes with {name}, on {hardware.processor()}" in caplog.text
            fell_back = asked == "bfloat16" and expected == "float32"
            assert ("no bfloat16 instructions" in name) == fell_back
            assert ("has no instructions for bfloat16" in caplog.text) == fell_back
        assert build_encode(encoder, "torch", "float32")[1].endswith("cpu float32")

    def test_the_identity_of_a_tagger_says_what_was_chosen(self, encoder, monkeypatch):
        monkeypatch.setattr(hardware, "processor_flags", lambda: {"avx512f"})
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        tagger = ClmrTagger(encoder, Head(8, 1), ["harp"], {}, runtime="torch", precision="bfloat16")
        assert tagger.identity["runtime"].endswith("cpu float32 (no bfloat16 instructions)")

    def test_what_openvino_calls_its_capabilities_is_no_answer(self, monkeypatch):
        """OpenVINO lists BF16 for AVX-512 alone, where it emulates it."""
        openvino = pytest.importorskip("openvino")
        if "BF16" not in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
            pytest.skip("this processor has no AVX-512")
        monkeypatch.setattr(hardware, "processor_flags", lambda: {"avx512f"})
        assert choose_precision("auto") == "float32"


class TestLoss:
    def test_it_is_the_cross_entropy_by_hand(self):
        rng = np.random.default_rng(0)
        a, b = rng.standard_normal((3, 4)), rng.standard_normal((3, 4))
        views = np.concatenate([a, b])
        views /= np.linalg.norm(views, axis=1, keepdims=True)
        similarity = views @ views.T / 0.5
        total = 0.0
        for i in range(6):
            others = [similarity[i, k] for k in range(6) if k != i]
            total += np.log(np.exp(others).sum()) - similarity[i, (i + 3) % 6]
        assert float(nt_xent(torch.tensor(a), torch.tensor(b), 0.5)) == pytest.approx(total / 6, rel=1e-5)

    def test_views_alike_cost_less_than_views_swapped(self):
        z = torch.eye(4)
        assert nt_xent(z, z, 0.5) < nt_xent(z, z.roll(1, 0), 0.5)

    def test_it_does_not_care_for_length_and_has_gradients(self):
        a, b = torch.randn(4, 8, requires_grad=True), torch.randn(4, 8)
        torch.testing.assert_close(nt_xent(a, b, 0.5), nt_xent(3 * a, 0.1 * b, 0.5))
        nt_xent(a, b, 0.5).backward()
        assert torch.isfinite(a.grad).all()

    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
    def test_mixed_precision_changes_nothing_but_its_input(self, dtype):
        a, b = (100 * torch.randn(8, 16)).to(dtype).requires_grad_(), torch.randn(8, 16).to(dtype)
        exact = nt_xent(a.detach().double(), b.double(), 0.05)
        with torch.autocast("cpu", torch.bfloat16):
            loss = nt_xent(a, b, 0.05)
        assert float(loss.detach()) == pytest.approx(float(exact), rel=1e-5)
        loss.backward()
        assert torch.isfinite(a.grad).all()

    def test_its_gradient_is_that_of_finite_differences(self):
        pair = [torch.randn(3, 4, dtype=torch.float64, requires_grad=True) for _ in range(2)]
        assert torch.autograd.gradcheck(lambda a, b: nt_xent(a, b, 0.3), pair)

    @pytest.mark.parametrize("shapes", [((2, 3), (3, 3)), ((0, 3), (0, 3)), ((3,), (3,))])
    def test_shapes_that_do_not_pair_are_refused(self, shapes):
        with pytest.raises(ValueError, match="expected two arrays"):
            nt_xent(torch.zeros(shapes[0]), torch.zeros(shapes[1]), 0.5)


class TestCheckpoints:
    def test_a_plain_state_dict_with_prefix_travels_both_ways(self, encoder, tmp_path):
        published = OrderedDict(
            (f"encoder.{key}", value)
            for key, value in encoder.state_dict().items()
            if not key.startswith("fc.") and not key.endswith("num_batches_tracked")
        )
        published["projector.0.weight"] = torch.zeros(8, 8)
        torch.save(published, tmp_path / "clmr_checkpoint_10000.pt")
        loaded = load_encoder_checkpoint(tmp_path / "clmr_checkpoint_10000.pt")
        x = torch.randn(1, 1, 243)
        torch.testing.assert_close(loaded.representation(x), encoder.representation(x))
        assert not loaded.training
        assert float(loaded.fc.weight.detach().abs().sum()) == 0
        save_encoder(loaded, tmp_path / "ours.pt")
        ours = torch.load(tmp_path / "ours.pt", weights_only=True)
        assert set(published) - {"projector.0.weight"} <= set(ours)
        torch.testing.assert_close(
            load_encoder_checkpoint(tmp_path / "ours.pt").representation(x), encoder.representation(x)
        )

    def test_a_lightning_checkpoint_with_its_namespace_is_read(self, encoder, tmp_path):
        torch.save(
            {
                "state_dict": {f"model.encoder.{key}": value for key, value in encoder.state_dict().items()},
                "pytorch-lightning_version": "1.1.0",
                "hyper_parameters": argparse.Namespace(batch_size=48),
            },
            tmp_path / "l.ckpt",
        )
        x = torch.randn(1, 1, 243)
        torch.testing.assert_close(load_encoder_checkpoint(tmp_path / "l.ckpt")(x), encoder(x))

    def test_code_in_a_checkpoint_is_refused_and_not_run(self, tmp_path):
        class Bomb:
            def __reduce__(self):
                return (open, (str(tmp_path / "ran"), "w"))

        torch.save({"encoder.fc.weight": Bomb()}, tmp_path / "bad.pt")
        with pytest.raises(CheckpointError, match=r"bad.pt: refused, it contains .*open, which is code"):
            load_encoder_checkpoint(tmp_path / "bad.pt")
        assert not (tmp_path / "ran").exists()

    def test_another_global_is_refused(self, tmp_path):
        torch.save({"x": torch.nn.Linear(1, 1)}, tmp_path / "model.pt")
        with pytest.raises(CheckpointError, match="which is code, not weights"):
            load_head(tmp_path / "model.pt")

    @pytest.mark.parametrize("content", [b"", b"no checkpoint", pickle.dumps([1, 2])])
    def test_what_is_no_checkpoint_is_refused(self, tmp_path, content):
        (tmp_path / "x.pt").write_bytes(content)
        with pytest.raises(CheckpointError, match=r"x\.pt"):
            load_encoder_checkpoint(tmp_path / "x.pt")

    def test_a_missing_file_and_other_weights_are_named(self, tmp_path, encoder):
        with pytest.raises(CheckpointError, match="no such checkpoint file"):
            load_head(tmp_path / "none.pt")
        torch.save({"conv.weight": torch.zeros(1)}, tmp_path / "other.pt")
        with pytest.raises(CheckpointError, match=r"no SampleCNN encoder in it.*found conv.weight"):
            load_encoder_checkpoint(tmp_path / "other.pt")
        state = encoder.state_dict()
        del state["sequential.2.1.bias"]
        torch.save(state, tmp_path / "part.pt")
        with pytest.raises(CheckpointError, match=r"weights missing: sequential.2.1.bias"):
            load_encoder_checkpoint(tmp_path / "part.pt")

    @pytest.mark.parametrize(
        ("name", "value", "message"),
        [
            ("sequential.2.0.weight", torch.zeros(4, 4, 5), r"has the shape \(4, 4, 5\), where \(4, 4, 3\)"),
            ("sequential.0.0.weight", torch.tensor(1.0), "no SampleCNN encoder"),
            ("fc.weight", torch.tensor(1.0), "fc.weight has the shape"),
            ("sequential.2.0.weight", torch.full((4, 4, 3), torch.nan), "not finite"),
            ("sequential.2.0.weight", torch.zeros(4, 4, 3, dtype=torch.int64), "plain floats are expected"),
            ("sequential.2.1.running_var", -torch.ones(4), "negative variances"),
            ("fc.weight", torch.zeros(1, 8).expand(10**12, 8), "claims more numbers than the file holds"),
        ],
    )
    @pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
    def test_weights_that_cannot_be_are_named(self, tmp_path, encoder, name, value, message):
        torch.save({**encoder.state_dict(), name: value}, tmp_path / "w.pt")
        with pytest.raises(CheckpointError, match=message):
            load_encoder_checkpoint(tmp_path / "w.pt")

    @pytest.mark.parametrize("layer", [5, 10])
    def test_a_published_network_without_one_of_its_layers_is_refused(self, tmp_path, layer):
        state = {f"encoder.{key}": value for key, value in SampleCNN().state_dict().items()}
        for key in [key for key in state if key.startswith(f"encoder.sequential.{layer}.")]:
            del state[key]
        torch.save(state, tmp_path / "short.pt")
        with pytest.raises(CheckpointError, match=rf"weights missing: sequential.{layer}.0.weight"):
            load_encoder_checkpoint(tmp_path / "short.pt")

    @pytest.mark.parametrize(
        "facts",
        [{"tags": 5}, {"tags": ["a", "a"]}, {"tags": [1, 2]}, {"tags": ["a"]}, {"thresholds": ["x", "y"]}],
    )
    def test_a_heads_tags_and_thresholds_are_checked(self, tmp_path, facts):
        torch.save({"state_dict": Head(8, 2).state_dict(), **facts}, tmp_path / "h.pt")
        with pytest.raises(CheckpointError, match=r"h\.pt: .*(tags|thresholds)"):
            load_head(tmp_path / "h.pt")

    @pytest.mark.parametrize("zipped", [True, False])
    def test_no_damage_does_more_than_refuse(self, tmp_path, zipped):
        path, rng = tmp_path / "h.pt", np.random.default_rng(0)
        torch.save(Head(4, 3).state_dict(), path, _use_new_zipfile_serialization=zipped)
        whole = np.frombuffer(path.read_bytes(), np.uint8)
        refused = 0
        for _ in range(100):
            damaged = whole.copy()
            damaged[rng.integers(len(whole), size=3)] = rng.integers(256, size=3)
            path.write_bytes(damaged[: rng.integers(len(whole) // 2, len(whole) + 1)].tobytes())
            try:
                load_head(path)
            except CheckpointError:
                refused += 1
        assert refused > 50

    def test_the_original_projects_head_is_read(self, shared_data):
        head = load_head(shared_data / "clmr" / "clmr_linear_head_mtat50.ckpt")
        assert (head.dimensions, head.outputs, head.tags) == (512, 50, None)
        assert head(torch.zeros(1, 512)).shape == (1, 50)

    @pytest.mark.parametrize("hidden", [None, 6])
    def test_our_heads_keep_their_tags_and_thresholds(self, tmp_path, hidden):
        head = Head(8, 3, hidden=hidden, tags=["harp", "drums", "slow"], thresholds=[0.1, 0.2, 0.3]).eval()
        save_head(head, tmp_path / "h.pt", settings={"seed": 0})
        loaded = load_head(tmp_path / "h.pt")
        assert loaded.tags == ("harp", "drums", "slow")
        assert loaded.thresholds == (0.1, 0.2, 0.3)
        x = torch.randn(2, 8)
        torch.testing.assert_close(loaded(x), head(x))

    def test_a_published_mlp_head_is_read(self, tmp_path):
        mlp = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 5))
        torch.save({f"model.{key}": value for key, value in mlp.state_dict().items()}, tmp_path / "m.pt")
        x = torch.randn(2, 8)
        torch.testing.assert_close(load_head(tmp_path / "m.pt")(x), mlp(x))


class TestSegments:
    def test_the_last_partial_segment_is_heard_by_its_new_part(self):
        found = cut_segments(np.arange(25, dtype=np.float32), 10)
        assert found.samples.tolist()[2] == list(range(15, 25))
        np.testing.assert_allclose(found.weights, np.array([1, 1, 0.5]) / 2.5)

    def test_it_can_be_dropped_as_published(self):
        assert len(cut_segments(np.zeros(25, np.float32), 10, tail=False).samples) == 2

    def test_a_short_clip_is_repeated(self):
        found = cut_segments(np.array([1, 2, 3], np.float32), 7)
        assert found.samples.tolist() == [[1, 2, 3, 1, 2, 3, 1]]

    def test_whole_segments_are_cut_without_a_rest(self):
        assert len(cut_segments(np.zeros(30, np.float32), 10).samples) == 3


class TestTagger:
    @pytest.fixture
    def files(self, encoder, tmp_path):
        save_encoder(encoder, tmp_path / "e.pt")
        torch.manual_seed(1)
        save_head(Head(8, 3, tags=["harp", "drums", "slow"]), tmp_path / "h.pt")
        torch.save(Head(8, 3).state_dict(), tmp_path / "bare.pt")
        return tmp_path

    def options(self, files, head="h.pt", **more):
        return ClmrOptions(encoder=str(files / "e.pt"), head=str(files / head), runtime="torch", **more)

    def test_probabilities_are_the_weighted_mean_over_segments(self, files, encoder):
        tagger = build_tagger(self.options(files))
        samples = np.random.default_rng(0).standard_normal(600).astype(np.float32)
        head = load_head(files / "h.pt")
        with torch.inference_mode():
            parts = [samples[:243], samples[243:486], samples[-243:]]
            x = torch.from_numpy(np.stack(parts))[:, None]
            p = torch.sigmoid(head(encoder.representation(x))).numpy()
        rest = 114 / 243
        expected = (p[0] + p[1] + rest * p[2]) / (2 + rest)
        found = tagger.predict([samples, samples[:100]], 22_050)
        np.testing.assert_allclose(found[0], expected, atol=1e-6)
        assert found.shape == (2, 3)
        assert np.isfinite(found).all()

    def test_tags_are_the_heads_own_or_given(self, files):
        assert build_tagger(self.options(files)).vocabulary == ("harp", "drums", "slow")
        (files / "tags.txt").write_text("a\nb\nc\n")
        assert build_tagger(self.options(files, "bare.pt", tags=str(files / "tags.txt"))).vocabulary == (
            "a",
            "b",
            "c",
        )

    def test_a_head_without_names_asks_for_them(self, files):
        with pytest.raises(TaggingError, match=r"does not name its 3 outputs; give a text file"):
            build_tagger(self.options(files, "bare.pt"))

    @pytest.mark.parametrize(("text", "reason"), [("a\nb\n", "2 tags are named for"), ("a\na\nb\n", "twice: a")])
    def test_tags_that_do_not_fit_are_refused(self, files, text, reason):
        (files / "tags.txt").write_text(text)
        with pytest.raises(TaggingError, match=reason):
            build_tagger(self.options(files, "bare.pt", tags=str(files / "tags.txt")))

    def test_a_head_of_another_model_is_refused(self, files):
        save_head(Head(16, 2, tags=["a", "b"]), files / "wide.pt")
        with pytest.raises(TaggingError, match="not from the same model"):
            build_tagger(self.options(files, "wide.pt"))

    def test_the_identity_names_both_files_and_the_runtime(self, files):
        identity = build_tagger(self.options(files)).identity
        assert {"encoder_sha256", "head_sha256", "runtime"} <= set(identity)
