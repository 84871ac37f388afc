"""A prompt may be as long as the encoder that reads its words, and no pipeline ever cuts one."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from generation.painting import PromptTooLong
from generation.painting.diffusion import prompt_tokens
from generation.painting.diffusion.prompt_limits import forbid_cuts, names_of_readers
from generation.painting.diffusion.prompt_tokens import PromptTokens
from generation.painting.errors import PainterNotReady
from tests.generation.painting.conftest import tiny_tokenizer
from tests.generation.painting.kinds import save_flux
from tests.generation.painting.test_diffusers_painter import painter_for

INF = int(1e30)


def letters_tokenizer(max_length=INF):
    """A tokenizer with a token for each letter and a start token, as Gemma's; it reads without limit."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    tokens = ["<pad>", "<s>", "<unk>", *map(chr, range(32, 127)), "\n"]
    reader = Tokenizer(models.WordLevel({token: number for number, token in enumerate(tokens)}, unk_token="<unk>"))
    reader.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    reader.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return PreTrainedTokenizerFast(
        tokenizer_object=reader, pad_token="<pad>", bos_token="<s>", unk_token="<unk>", model_max_length=max_length
    )


def save_readers(folder, pipeline, **tokenizers):
    """A model's folder with nothing but its tokenizers, each with its encoder in the index unless it is `without_…`."""
    index = {"_class_name": pipeline}
    for name, tokenizer in tokenizers.items():
        tokenizer.save_pretrained(folder / name)
        index[name] = ["transformers", type(tokenizer).__name__]
        index[name.replace("tokenizer", "text_encoder")] = ["transformers", "SomeEncoder"]
    folder.mkdir(exist_ok=True)
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder


def encoder():
    """What stands for a text encoder: a vector for each token, by the token alone."""
    import torch

    class Encoder(torch.nn.Module):
        dtype, config = torch.float32, SimpleNamespace(d_model=4)

        def forward(self, input_ids, **settings):
            states = input_ids.float()[..., None].repeat(1, 1, 4)

            class Output(tuple):
                hidden_states, last_hidden_state = (states,) * 3, states

            return Output((states,))

    return Encoder()


def pipeline_of(name, **parts):
    import inspect

    import diffusers

    pipeline = getattr(diffusers, name)
    names = [name for name in inspect.signature(pipeline.__init__).parameters if name != "self"]
    return pipeline(**{name: parts.get(name) for name in names})


FAMILIES = [
    ("SanaPipeline", {"complex_human_instruction": "default"}, 300),
    ("Lumina2Pipeline", {}, 256),
    ("QwenImagePipeline", {"max_sequence_length": 512}, 512),
    ("PixArtSigmaPipeline", {}, 300),
    ("AuraFlowPipeline", {}, 256),
]


@pytest.mark.parametrize(("name", "settings", "limit"), FAMILIES, ids=[row[0] for row in FAMILIES])
def test_the_last_word_within_the_limit_reaches_the_model_and_one_more_would_not(tmp_path, name, settings, limit):
    """The pipeline's own `encode_prompt` decides: a prompt that just fits changes with its last letter."""
    import inspect

    import torch

    tokens = PromptTokens(save_readers(tmp_path / "model", name, tokenizer=letters_tokenizer()))
    assert tokens.limit == limit
    longest = next(n for n in range(limit + 1, 0, -1) if tokens.count("x" * n) <= limit)
    pipeline = pipeline_of(name, tokenizer=letters_tokenizer(), text_encoder=encoder())
    if "complex_human_instruction" in settings:
        settings = settings | {
            "complex_human_instruction": inspect.signature(type(pipeline).__call__)
            .parameters["complex_human_instruction"]
            .default
        }

    def encoded(prompt):
        return pipeline.encode_prompt([prompt], device=torch.device("cpu"), **settings)[0]

    fits = "x" * (longest - 1)
    assert not torch.equal(encoded(fits + "a"), encoded(fits + "b"))
    # The control. Qwen's closing words may be cut before the prompt's: there a longer prompt is cut a little later.
    too_long = "x" * (longest + 40)
    assert torch.equal(encoded(too_long + "a"), encoded(too_long + "b"))
    forbid_cuts([pipeline.tokenizer])
    encoded(fits + "a")
    if name != "QwenImagePipeline":  # it cuts after the encoder; its own count forbids that
        with pytest.raises(PromptTooLong, match="as the model's pipeline puts it"):
            encoded("x" * (longest + 1))


def test_flux_paints_what_only_t5_reads_and_refuses_what_it_would_cut(tmp_path):
    painter = painter_for(save_flux(tmp_path / "flux"), guidance=0, steps=1)
    painter.check_ready()
    fits = "ab " * 150
    assert 77 < painter.count_tokens(fits + "c") <= 512
    images = painter.paint([fits + "c", fits + "d"], seed=1).images
    assert images[0].tobytes() != images[1].tobytes()
    letters = "ab" * (512 // 2)
    with pytest.raises(PromptTooLong, match="the painter reads 512"):
        painter.paint([letters], seed=1)
    with pytest.raises(PromptTooLong, match="as the model's pipeline puts it"):
        painter._model().pipeline([letters], num_inference_steps=1, height=32, width=32)


@pytest.mark.parametrize("with_t5", [True, False])
def test_stable_diffusion_3_reads_256_tokens_with_t5_and_77_without(tmp_path, with_t5):
    folder = save_readers(
        tmp_path / "model",
        "StableDiffusion3Pipeline",
        tokenizer=tiny_tokenizer(),
        tokenizer_2=tiny_tokenizer(),
        tokenizer_3=letters_tokenizer(512),
    )
    if not with_t5:
        index = json.loads((folder / "model_index.json").read_text())
        (folder / "model_index.json").write_text(json.dumps(index | {"text_encoder_3": [None, None]}))
    tokens = PromptTokens(folder)
    assert (tokens.limit, tokens.readers) == (
        (256, ("tokenizer_3",)) if with_t5 else (77, ("tokenizer", "tokenizer_2"))
    )


def test_a_conversation_around_the_prompt_takes_room(tmp_path):
    reader = letters_tokenizer()
    reader.chat_template = "{% for message in messages %}USER {{ message.content }} END{% endfor %}"
    plain = PromptTokens(save_readers(tmp_path / "plain", "ChromaPipeline", tokenizer=reader))
    spoken = PromptTokens(save_readers(tmp_path / "spoken", "ZImagePipeline", tokenizer=reader))
    assert spoken.count("drums") == plain.count("drums") + len("USER ") + len(" END")
    assert spoken.limit == plain.limit == 512


def test_limits_that_a_pipeline_has_only_in_its_code(tmp_path):
    for name, limit in (("Kandinsky3Pipeline", 128), ("IFPipeline", 77)):
        assert PromptTokens(save_readers(tmp_path / name, name, tokenizer=letters_tokenizer())).limit == limit
    both = {"tokenizer": letters_tokenizer(), "tokenizer_2": letters_tokenizer()}
    assert PromptTokens(save_readers(tmp_path / "hunyuan", "HunyuanDiTPipeline", **both)).limit == 77


def test_an_encoder_that_is_named_otherwise_counts():
    assert names_of_readers({"tokenizer": "X", "encoder": "Y"}, lambda name: False) == ["tokenizer"]


def save_sentencepiece(folder):
    """A T5 vocabulary as older models have it: a SentencePiece model and no tokenizer.json."""
    sentencepiece = pytest.importorskip("sentencepiece")
    pytest.importorskip("google.protobuf")
    folder.mkdir(parents=True)
    lines = folder / "lines.txt"
    lines.write_text("\n".join(["a guitar plays", "piano and drums", "slow violins with a choir"] * 50))
    sentencepiece.SentencePieceTrainer.train(
        input=str(lines),
        model_prefix=str(folder / "spiece"),
        vocab_size=40,
        hard_vocab_limit=False,
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        minloglevel=2,
    )
    lines.unlink()
    settings = {"tokenizer_class": "T5Tokenizer", "model_max_length": 512, "extra_ids": 0}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))


def test_a_vocabulary_of_sentencepiece_is_read_where_its_libraries_are(tmp_path):
    save_sentencepiece(tmp_path / "model" / "tokenizer")
    index = {
        "_class_name": "PixArtAlphaPipeline",
        "tokenizer": ["transformers", "T5Tokenizer"],
        "text_encoder": ["transformers", "T5EncoderModel"],
    }
    (tmp_path / "model" / "model_index.json").write_text(json.dumps(index))
    tokens = PromptTokens(tmp_path / "model")
    assert tokens.limit == 120
    assert 3 < tokens.count("a guitar plays") <= len("a guitar plays") + 3
    assert tokens.count("drums and a guitar") > tokens.count("a guitar")


def test_a_library_that_is_missing_for_a_vocabulary_is_named_with_the_way_to_install_it(tmp_path, monkeypatch):
    folder = save_readers(tmp_path / "model", "PixArtAlphaPipeline", tokenizer=letters_tokenizer())
    (folder / "tokenizer" / "spiece.model").write_bytes(b"pieces")
    monkeypatch.setattr(prompt_tokens, "_is_installed", lambda module: module != "google.protobuf")
    PromptTokens(folder)  # tokenizer.json is there: nothing is missing
    (folder / "tokenizer" / "tokenizer.json").unlink()
    with pytest.raises(PainterNotReady, match=r"cannot be read without protobuf: install .*earsight\[worker\]"):
        PromptTokens(folder)
