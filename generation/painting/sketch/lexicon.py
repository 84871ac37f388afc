"""The vocabulary of the sketch painter.

A word may mean a *thing* (which is drawn), a *place* (the background), a *mood* (light and colours), a *tempo* (the
rhythm of forms), and things that it *suggests*, which are drawn only if the prompt names no thing.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Meaning:
    things: tuple[str, ...] = ()
    place: str = ""
    mood: str = ""
    tempo: str = ""
    suggests: tuple[str, ...] = ()


# Things that one denial removes together ("no vocals" removes every singer).
FAMILIES: dict[str, tuple[str, ...]] = {
    "voices": ("female_voice", "male_voice", "choir", "monks", "microphone"),
    "guitars": ("guitar", "electric_guitar"),
    "drums": ("drum_kit", "hand_drums", "tabla"),
    "strings": ("violin", "cello"),
    "keys": ("piano", "harpsichord", "organ", "synth", "keyboard"),
    "winds": ("flute", "clarinet", "oboe", "saxophone"),
    "brass": ("trumpet", "horn"),
}

# The family that a denied general word removes; any other word removes only its own things.
DENIED_FAMILY: dict[str, str] = {
    "guitar": "guitars",
    "guitars": "guitars",
    "drum": "drums",
    "drums": "drums",
    "drumming": "drums",
    "percussion": "drums",
    "beat": "drums",
    "beats": "drums",
    "strings": "strings",
    "string": "strings",
    "keyboards": "keys",
    "woodwind": "winds",
    "woodwinds": "winds",
    "wind": "winds",
    "winds": "winds",
    "brass": "brass",
}

_THINGS = {
    "guitar": "guitar, guitars, acoustic guitar, classical guitar, spanish guitar, guitarist, ukulele, strumming, "
    "strummed, fingerpicked, fingerpicking",
    "electric_guitar": "electric guitar, electric guitars, distorted guitar, guitar riff, riff, riffs, electric",
    "bass_guitar": "bass, bass guitar, bassline, basslines, double bass, low",
    "banjo": "banjo, banjos, mandolin",
    "lute": "lute, lutes, oud, theorbo",
    "violin": "violin, violins, viola, violas, fiddle, fiddles, strings, string, string section, violinist",
    "cello": "cello, cellos, cellist",
    "harp": "harp, harps, harpist, lyre",
    "sitar": "sitar, sitars, raga, ragas",
    "flute": "flute, flutes, whistle, tin whistle, recorder, flautist, pan flute",
    "clarinet": "clarinet, clarinets, woodwind, woodwinds, winds",
    "oboe": "oboe, oboes, bassoon",
    "trumpet": "trumpet, trumpets, trombone, brass, bugle",
    "horn": "horn, horns, french horn, tuba",
    "saxophone": "sax, saxophone, saxes, saxophones",
    "accordion": "accordion, accordions, concertina, bandoneon",
    "bells": "bell, bells, chimes, chime, glockenspiel, tubular bells, gong",
    "piano": "piano, pianos, pianist, grand piano, piano solo, fortepiano",
    "harpsichord": "harpsichord, harpsicord, harpsichords, harpsicords, clavichord, clavier",
    "organ": "organ, organs, pipe organ, church organ, organist",
    "synth": "synth, synths, synthesizer, synthesizers, synthesiser, synthesisers, synth pad, synth pads",
    "keyboard": "keyboard, keyboards, electric piano, rhodes",
    "turntable": "turntable, turntables, dj, scratching, record, vinyl, sample, samples",
    "drum_kit": "drum, drums, drum kit, drummer, drumming, percussion, drum loop, snare, cymbals, cymbal",
    "hand_drums": "bongos, bongo, congas, conga, djembe, hand drum, hand drums, hand percussion, "
    "tribal drums, clapping",
    "tabla": "tabla, tablas, indian drums",
    "female_voice": "female, female vocal, female vocals, female voice, female voices, female singer, female singing, "
    "woman, women, woman singing, girl, girls, soprano, female opera, alto, woman's, she",
    "male_voice": "male, male vocal, male vocals, male voice, male voices, male singer, man, men, man singing, tenor, "
    "baritone, male opera, man's, male singing, he",
    "choir": "choir, choirs, choral, chorus",
    "monks": "monks, monk, chant, chants, chanting, gregorian",
    "microphone": "vocal, vocals, voice, voices, singer, singers, singing, sung, song, vocalist, talking, speech, "
    "spoken, rap, rapper, rapping, lyrics",
}

_PLACES = {
    "hall": "classical, clasical, classic, orchestra, orchestral, symphony, symphonic, baroque, concert hall, opera, "
    "operatic, waltz, chamber, concert",
    "church": "church, cathedral, choral, choir, monks, chant, chanting, gregorian, sacred, chapel, spiritual, echo",
    "club": "techno, dance, electronic, electro, electronica, trance, house, disco, club, synthpop, dubstep, edm, "
    "dancefloor, rave",
    "desert": "middle eastern, arabic, eastern, desert, arab, persian, egyptian, turkish",
    "palace": "indian, india, sitar, hindi, raga",
    "forest": "folk, forest, woods, woodland, birds, bird, fairy, pagan",
    "castle": "medieval, old, castle, lute, renaissance, english, courtly, madrigal",
    "street": "hip hop, rap, jazz, jazzy, blues, bluesy, funk, funky, soul, street, city, urban, swing, sax, modern, "
    "turntable, noir",
    "stage": "rock, metal, heavy metal, punk, pop, hard rock, soft rock, stage, band, grunge, loud, hard, live, arena",
    "prairie": "country, western, bluegrass, prairie, cowboy, banjo, americana, farm",
    "hills": "irish, celtic, meadow, hills, acoustic, spanish, field, fields, countryside, light",
    "space": "space, spacey, ambient, cosmic, stars, galaxy, sci-fi, weird, strange, drone, lol, different",
    "sea": "water, sea, ocean, reggae, beach, waves, island, calm, soft, river, lake, tropical",
    "jungle": "jungle, tribal, african, rainforest, world, bongos",
    "factory": "industrial, noise, factory, heavy, machine, mechanical",
    "pagoda": "oriental, chinese, japanese, asian, new age, zen, foreign, korean",
    "room": "room, quiet, solo, piano solo, window, indoors, intimate, duet, instrumental, home",
}

_MOODS = {
    "happy": "happy, upbeat, joyful, cheerful, joy, bright, playful, lively, merry, fun, sunny, lol",
    "calm": "calm, soft, quiet, mellow, gentle, peaceful, relaxed, relaxing, tender, silence, soothing, serene, light",
    "sad": "sad, melancholy, melancholic, mournful, lonely, blue, low, sorrowful, wistful, blues",
    "dark": "dark, deep, night, drone, brooding, moody, sombre, gloomy",
    "eerie": "eerie, scary, strange, weird, spooky, haunting, ghostly, mysterious, tense",
    "fierce": "loud, heavy, hard, heavy metal, metal, punk, hard rock, aggressive, industrial, noise, angry, powerful, "
    "driving, intense, energetic",
    "dreamy": "ambient, new age, spacey, space, airy, dreamy, ethereal, trance, echo, floating",
    "warm": "acoustic, folk, country, warm, soft rock, spanish, banjo, rustic, old",
    "neon": "techno, dance, electronic, electro, electronica, disco, house, pop, synth, modern, electric",
    "regal": "classical, clasical, classic, baroque, opera, operatic, orchestra, orchestral, medieval, harpsichord, "
    "harpsicord, grand, majestic, solemn",
    "smoky": "jazz, jazzy, funk, funky, soul, hip hop, rap, swing, sax",
    "saffron": "indian, india, arabic, middle eastern, eastern, sitar, tribal, world",
    "green": "irish, celtic, jungle, birds, reggae, forest, flute, nature, water",
    "dawn": "choral, choir, chant, chanting, monks, harp, oriental, sacred, spiritual",
}

_TEMPOS = {
    "fast": "fast, quick, fast beat, upbeat, dance, techno, punk, energetic, lively, trance, hurried, racing, rapid, "
    "brisk, driving, swift, metal",
    "slow": "slow, calm, ambient, drone, soft, quiet, slowly, mellow, unhurried, gentle, lento, adagio, still",
    "beat": "beat, beats, repetitive, drums, drum, percussion, rhythm, rhythmic, hip hop, rap, funk, funky, house, "
    "disco, loop, clapping, steady, pulse, pulsing, reggae, electro",
}

_SUGGESTS = {
    "electric_guitar": "rock, hard rock, metal, heavy metal, punk, soft rock, pop, heavy, loud",
    "violin, cello, horn": "orchestra, orchestral, symphony, symphonic",
    "violin, piano": "classical, clasical, classic",
    "harpsichord": "baroque",
    "saxophone, piano": "jazz, jazzy",
    "guitar": "blues, country, folk, acoustic, spanish, plucking, plucked",
    "synth": "techno, electronic, electro, electronica, trance, ambient, drone, space, spacey, new age",
    "turntable": "hip hop, house, disco, dance, rap",
    "female_voice": "opera, operatic",
    "sitar, tabla": "indian, india",
    "lute": "medieval, arabic, middle eastern, eastern",
    "hand_drums": "tribal, jungle, world, reggae",
    "harp, violin": "celtic, irish",
    "bass_guitar, drum_kit": "funk, funky",
    "drum_kit": "beat, beats, fast beat",
    "flute": "airy, wind",
}

# Words that deny a voice by themselves.
VOICELESS = ("instrumental",)


def _add_table(table: dict[str, str], field: str, into: dict[str, dict]) -> None:
    for name, phrases in table.items():
        for phrase in phrases.split(", "):
            into.setdefault(phrase, {})[field] = tuple(name.split(", ")) if field in ("things", "suggests") else name


def _build() -> dict[tuple[str, ...], Meaning]:
    fields: dict[str, dict] = {}
    for table, field in (
        (_THINGS, "things"),
        (_PLACES, "place"),
        (_MOODS, "mood"),
        (_TEMPOS, "tempo"),
        (_SUGGESTS, "suggests"),
    ):
        _add_table(table, field, fields)
    fields["orchestra"] |= {"things": ("violin", "horn", "cello")}
    fields["band"] |= {"things": ("electric_guitar", "drum_kit")}
    fields["female opera"] |= {"place": "hall", "mood": "regal"}
    fields["male opera"] |= {"place": "hall", "mood": "regal"}
    return {tuple(phrase.split()): Meaning(**found) for phrase, found in fields.items()}


LEXICON: dict[tuple[str, ...], Meaning] = _build()
MAX_PHRASE_WORDS = max(len(phrase) for phrase in LEXICON)
