"""There and back: sentences spoken in every one of OpenAI's voices, and read again by a model that learnt these voices.

The model is Tests/models/whisper-words.bin; docs/transcription-model.md says what it is. It was not trained on these sentences.
"""

import io
import sys
import wave
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import MODEL as CHAT_MODEL, ROOT

sys.path.append(str(ROOT / "Scripts/train-whisper"))

from espeak import ESpeak, openai_voices
from words import errors, test_sentences as unseen_sentences

MODEL = "whisper-words"
VOICES = openai_voices()
# Each sentence is sent in another of the formats that both sides know.
FORMATS = ("wav", "mp3", "flac", "opus")
AT_ONCE = 4
# What an encoder of MP3 puts before the sound, in seconds; a stream has no header that would tell a player to pass over it.
MP3_DELAY = 1105 / 24_000


@pytest.fixture(scope="module")
def audio(launch, connect, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    for path in [ROOT / f"Tests/models/{MODEL}.bin", *ROOT.glob(f"models/{CHAT_MODEL}.*.gguf")]:
        (folder / path.name).symlink_to(path)
    return connect(launch("--models-dir", folder, "--ctx-size", "512", "--parallel", "1")).audio


def plain(text):
    return "".join(letter for letter in text.lower() if letter.isalnum() or letter == " ").split()


@pytest.fixture(scope="module")
def heard(audio):
    """Of each sentence: the voice, the format, its words, and the verbose answer with the times of words."""

    def speak(number, words):
        voice, form = list(VOICES)[number % len(VOICES)], FORMATS[number // len(VOICES) % len(FORMATS)]
        speech = audio.speech.create(input=" ".join(words) + ".", model="tts-1", voice=voice, response_format=form)
        return voice, form, [word.lower() for word in words], speech.content

    def read(voice, form, words, sound):
        answer = audio.transcriptions.create(
            file=(f"sentence.{form}", sound), model=MODEL, response_format="verbose_json", timestamp_granularities=["word"]
        )
        return voice, form, words, answer

    # One after another: how espeak-ng speaks hangs a little on what it has spoken before.
    spoken = [speak(number, words) for number, words in enumerate(unseen_sentences(300))]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(read, *zip(*spoken)))


@pytest.mark.parametrize("voice", VOICES)
def test_what_a_voice_says_is_read(heard, voice):
    """Fewer than five words of a hundred are wrong."""
    mine = [(words, plain(answer.text)) for name, _, words, answer in heard if name == voice]
    wrong, total = sum(errors(*pair) for pair in mine), sum(len(words) for words, _ in mine)
    assert wrong < 0.05 * total, [pair for pair in mine if errors(*pair)]


def test_words_are_where_they_were_spoken(heard):
    """Each word's begin and end, within 200 ms of espeak-ng's own account; a word ends where the next one begins."""
    espeak = ESpeak()
    right = [(voice, form, words, answer) for voice, form, words, answer in heard if plain(answer.text) == words]
    assert len(right) > 0.8 * len(heard)
    elsewhere = []
    for voice, form, words, answer in right:
        _, places = espeak.speak(" ".join(words) + ".", VOICES[voice])
        delay = MP3_DELAY if form == "mp3" else 0
        assert len(answer.words) == len(places), (voice, words, answer.words)
        for word, (begin, end) in zip(answer.words, places):
            if abs(word.start - begin - delay) >= 0.2 or abs(word.end - end - delay) >= 0.2:
                elsewhere.append((voice, form, words, word, begin, end))
        ends = [word.end for word in answer.words]
        assert all(end <= word.start for end, word in zip(ends, answer.words[1:])), (voice, words, answer.words)
    assert not elsewhere


def test_more_than_a_window_is_read(audio):
    """A text of some 20 s, twice what the model hears at once."""
    sentences = [words for words in unseen_sentences(60) if len(words) < 9][:10]
    text = ". ".join(" ".join(words).capitalize() for words in sentences) + "."
    sound = audio.speech.create(input=text, model="tts-1", voice="nova", response_format="mp3").content
    answer = audio.transcriptions.create(file=("text.mp3", sound), model=MODEL, response_format="verbose_json")
    assert answer.duration > 20
    said = plain(text)
    assert errors(said, plain(answer.text)) < 0.1 * len(said), (text, answer.text)


@pytest.mark.parametrize("seconds", [0.5, 2, 8])
def test_silence_is_no_text(audio, seconds):
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((1, 2, 16000, 0, "NONE", ""))
        sound.writeframes(bytes(int(seconds * 32000)))
    assert audio.transcriptions.create(file=("silence.wav", file.getvalue()), model=MODEL).text == ""
