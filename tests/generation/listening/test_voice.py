"""Voice activity as evidence."""

import numpy as np
import pytest
import torch

from generation.listening.audio import decode, resample
from generation.listening.voice import VoiceOptions, detect_voice, detector_identity, frame_probabilities

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def _clip(shared_data, part):
    (path,) = [path for path in (shared_data / "clips").iterdir() if part in path.name]
    return decode(path)


def test_read_speech_is_heard_through_most_of_the_recording(shared_data):
    audio = _clip(shared_data, "librispeech")
    evidence = detect_voice(audio.samples, audio.sample_rate)
    assert evidence.share > 0.8
    assert evidence.peak > 0.99


def test_the_sung_clip_has_one_segment_at_its_start(shared_data):
    audio = _clip(shared_data, "arthur_yoria")
    evidence = detect_voice(audio.samples, audio.sample_rate)
    ((start, end),) = evidence.segments
    assert (start, end) == (pytest.approx(0.1, abs=0.02), pytest.approx(2.05, abs=0.02))
    assert evidence.share == pytest.approx((end - start) / evidence.duration)
    assert 0 < evidence.peak_time < 2.1


def test_techno_has_no_voice(shared_data):
    audio = _clip(shared_data, "joram")
    evidence = detect_voice(audio.samples, audio.sample_rate)
    assert evidence.share == 0
    assert evidence.segments == ()


def packages_own(samples: np.ndarray) -> np.ndarray:
    """The probabilities by the package's frame-by-frame loop."""
    import silero_vad

    threads = torch.get_num_threads()
    model = silero_vad.load_silero_vad()
    with torch.inference_mode():
        found = model.audio_forward(torch.from_numpy(samples)[None], 16_000)[0].numpy()
    torch.set_num_threads(threads)
    return found


def test_the_probabilities_are_the_packages_own(shared_data):
    audio = _clip(shared_data, "arthur_yoria")
    samples = resample(audio.samples, audio.sample_rate, 16_000)[: 10 * 16_000 + 77]  # a last partial frame
    np.testing.assert_allclose(frame_probabilities(samples), packages_own(samples), atol=1e-5)


def test_the_network_is_still_the_one_that_was_copied(tone):
    """With other weights in the package: compare again, measure again (benchmarks/RESULTS-listening.md), then pin."""
    measured = "e1122837f4154c511485fe0b9c64455f7b929c96fbb8d79fbdb336383ebd3720"  # silero-vad 6.2.3
    assert detector_identity()["weights_sha256"] == measured
    samples = tone(1.0, 16_000) + 0.05 * np.random.default_rng(0).standard_normal(16_000).astype(np.float32)
    theirs = packages_own(samples)
    np.testing.assert_allclose(frame_probabilities(samples), theirs, atol=1e-5)
    assert np.ptp(theirs) > 1e-3  # not the same number everywhere


def test_detection_leaves_torchs_threads_alone(tone):
    torch.set_num_threads(2)
    detect_voice(tone(), 22_050)
    assert torch.get_num_threads() == 2


def test_a_lower_threshold_hears_no_less(shared_data):
    audio = _clip(shared_data, "tilopa")
    shares = [
        detect_voice(audio.samples, audio.sample_rate, VoiceOptions(threshold=threshold)).share
        for threshold in (0.5, 0.3, 0.1)
    ]
    assert shares == sorted(shares)


def test_the_record_is_small_and_says_where_to_listen(tone):
    record = detect_voice(tone(20.0), 22_050).record()
    assert len(record["curve"]) <= 120
    assert max(record["curve"]) == pytest.approx(record["peak"], abs=1e-3)
    assert len(record["detector"]["weights_sha256"]) == 64


@pytest.mark.parametrize("samples", [np.zeros(0, np.float32), np.zeros((2, 100), np.float32)])
def test_what_is_not_mono_sound_is_refused(samples):
    with pytest.raises(ValueError, match="mono samples"):
        detect_voice(samples, 16_000)
