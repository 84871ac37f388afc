"""What each concept shows in a picture: the data behind the sketch painter.

A *concept* is what several words mean alike ("violin", "violins", "violinist"). It may show *things* (drawn in front),
a *place* (the ground and what is behind), a *light* (colours), a *tempo* (ribbons of sound), an *air* (small shapes in
the air), a *dress* (what singers wear) and things that it *suggests*, drawn only if the prompt names no thing.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Concept:
    """The phrases of a concept, and its effects; empty where it has none.

    `votes`: for its place. `weight`: of its light among the lights of the prompt.
    """

    phrases: tuple[str, ...]
    things: tuple[str, ...] = ()
    suggests: tuple[str, ...] = ()
    place: str = ""
    votes: float = 0.0
    light: str = ""
    weight: float = 0.0
    tempo: str = ""
    air: str = ""
    dress: str = ""

    @property
    def name(self) -> str:
        return self.phrases[0]


def _sound(thing: str, phrases: str, place: str, light: str, *, air: str = "", tempo: str = "") -> Concept:
    """An instrument or a voice: its own home and light count little against a genre or a mood."""
    return Concept(tuple(phrases.split(", ")), (thing,), (), place, 0.5, light, 0.7, tempo, air)


def _style(
    phrases: str, place: str, light: str, air: str, *, suggests: str = "", dress: str = "", things: str = "", tempo=""
) -> Concept:
    """A genre or an origin."""
    return Concept(
        tuple(phrases.split(", ")), tuple(things.split()), tuple(suggests.split()), place, 2.0, light, 1.6, tempo, air,
        dress,
    )  # fmt: skip


def _scenery(phrases: str, place: str, light: str = "", air: str = "", *, things: str = "") -> Concept:
    """A place by its own name."""
    return Concept(tuple(phrases.split(", ")), tuple(things.split()), (), place, 3.0, light, 0.8, "", air)


def _mood(phrases: str, light: str, air: str, *, place: str = "", tempo: str = "") -> Concept:
    return Concept(tuple(phrases.split(", ")), (), (), place, 0.3, light, 2.2, tempo, air)


_SOUNDS = (
    _sound("guitar", "guitar, guitars, guitarist, strumming, strummed", "room", "warm"),
    _sound(
        "acoustic_guitar",
        "acoustic guitar, acoustic guitars, classical guitar, spanish guitar, fingerpicking, fingerpicked",
        "room",
        "warm",
    ),
    _sound("ukulele", "ukulele, ukuleles", "sea", "happy"),
    _sound(
        "electric_guitar",
        "electric guitar, electric guitars, distorted guitar, guitar riff, riff, riffs",
        "stage",
        "fierce",
    ),
    _sound("bass_guitar", "bass, bass guitar, bassline, basslines", "stage", "smoky"),
    _sound("double_bass", "double bass, contrabass, upright bass", "street", "smoky"),
    _sound("banjo", "banjo, banjos", "prairie", "warm"),
    _sound("mandolin", "mandolin, mandolins", "hills", "warm"),
    _sound("lute", "lute, lutes, theorbo", "castle", "dawn"),
    _sound("oud", "oud", "desert", "saffron"),
    _sound("violin", "violin, violins, violinist", "hall", "regal"),
    _sound("fiddle", "fiddle, fiddles, fiddler", "hills", "green"),
    _sound("viola", "viola, violas", "hall", "regal"),
    _sound("strings", "strings, string, string section, string instrument, string instruments", "hall", "regal"),
    _sound("cello", "cello, cellos, cellist", "hall", "smoky"),
    _sound("harp", "harp, harps, harpist, lyre", "castle", "dawn"),
    _sound("sitar", "sitar, sitars, raga, ragas", "palace", "saffron"),
    _sound("koto", "koto, gayageum, guzheng, zither", "pagoda", "dawn"),
    _sound("erhu", "erhu", "pagoda", "saffron"),
    _sound("flute", "flute, flutes, flautist", "forest", "green"),
    _sound("recorder", "recorder, recorders, whistle, tin whistle, pan flute, shakuhachi", "forest", "green"),
    _sound("clarinet", "clarinet, clarinets", "hall", "smoky"),
    _sound("woodwind", "woodwind, woodwinds, wind, winds, wind instruments, woodwind instruments", "forest", "dawn"),
    _sound("oboe", "oboe, oboes", "hall", "dawn"),
    _sound("bassoon", "bassoon, bassoons", "hall", "warm"),
    _sound("trumpet", "trumpet, trumpets, bugle", "street", "warm"),
    _sound("trombone", "trombone, trombones", "street", "smoky"),
    _sound("brass", "brass, brass instruments, brass section", "hall", "warm"),
    _sound("horn", "horn, horns, french horn", "hall", "regal"),
    _sound("tuba", "tuba, tubas", "hall", "warm"),
    _sound("saxophone", "sax, saxophone, saxes, saxophones", "street", "smoky"),
    _sound("harmonica", "harmonica, harmonicas, mouth organ, blues harp", "prairie", "smoky"),
    _sound("accordion", "accordion, accordions, concertina, bandoneon", "street", "happy"),
    _sound("bagpipes", "bagpipes, bagpipe", "hills", "green"),
    _sound("didgeridoo", "didgeridoo, didgeridoos", "desert", "saffron"),
    _sound("bells", "bells, bell, chimes, chime, tubular bells", "church", "dawn"),
    _sound("gong", "gong, gongs", "pagoda", "saffron"),
    _sound("xylophone", "xylophone, vibraphone, glockenspiel, kalimba", "jungle", "happy"),
    _sound("marimba", "marimba, marimbas", "jungle", "warm"),
    _sound("hang_drum", "hang drum, handpan, steel drum", "sea", "dreamy"),
    _sound("piano", "piano, pianos, pianist, grand piano, fortepiano", "hall", "calm"),
    _sound("harpsichord", "harpsichord, harpsicord, harpsichords, harpsicords, clavichord, clavier", "hall", "regal"),
    _sound("organ", "organ, organs, pipe organ, church organ, organist", "church", "dawn"),
    _sound("synth", "synth, synths, synthesizer, synthesizers, synthesiser, synthesisers, synth pad, synth pads",
           "club", "neon"),
    _sound("keyboard", "keyboard, keyboards, electric piano, rhodes, keys", "stage", "neon"),
    _sound("turntable", "turntable, turntables, dj, scratching, record, vinyl, sample, samples", "club", "neon"),
    _sound("drum_machine", "drum machine, drum machines", "club", "neon", tempo="beat"),
    _sound("drum_kit", "drums, drum, drum kit, drummer, drumming, drum loop, snare", "stage", "fierce", tempo="beat"),
    _sound("percussion", "percussion, percussive, rhythm section", "stage", "warm", tempo="beat"),
    _sound("cymbals", "cymbals, cymbal", "stage", "happy"),
    _sound("tambourine", "tambourine, tambourines", "street", "saffron"),
    _sound("timpani", "timpani, kettledrum, kettledrums", "hall", "regal"),
    _sound("hand_drums", "bongos, bongo, congas, conga, djembe, hand drum, hand drums, hand percussion, tribal drums",
           "jungle", "saffron"),
    _sound("tabla", "tabla, tablas, indian drums", "palace", "saffron"),
    _sound("female_voice", "female vocals, female, female vocal, female voice, female voices, female singer, "
           "female singing, woman, women, woman singing, girl, girls, soprano, alto, woman's, she", "", "dreamy"),
    _sound("male_voice", "male vocals, male, male vocal, male voice, male voices, male singer, male singing, man, men, "
           "man singing, tenor, baritone, man's, he", "", "warm"),
    _sound("child_voice", "child singing, kids, child, children, boy, children singing", "hills", "happy"),
    _sound("choir", "choir, choirs, choral, chorus, backing vocals", "church", "dawn"),
    _sound("monks", "monks, monk, chant, chants, chanting, gregorian", "church", "dawn"),
    _sound("microphone", "vocals, vocal, voice, voices, singer, singers, singing, sung, vocalist, lyrics", "stage", ""),
    _sound("birds", "birds, bird, birdsong", "forest", "green", air="birds"),
    _sound("water", "water, stream, fountain, waterfall", "sea", "calm", air="drops"),
)  # fmt: skip

_VOICES = (
    Concept(
        ("rap", "rapper", "rapping"), ("microphone",), (), "street", 2.0, "smoky", 1.2, "beat", "splash", "hip hop"
    ),
    Concept(
        ("speech", "talking", "spoken", "spoken word"), ("microphone",), (), "room", 0.5, "calm", 0.7, "", "bubble"
    ),
    Concept(("whispering", "whisper", "humming"), ("microphone",), (), "room", 0.5, "dreamy", 0.7, "slow", "wisp"),
    Concept(("screaming", "shouting"), ("microphone",), (), "stage", 1.0, "fierce", 1.2, "", "arcs"),
    Concept(("whistling", "yodeling", "yodelling"), ("microphone",), (), "hills", 1.0, "happy", 0.7, "", "note"),
    Concept(("beatboxing", "beatbox"), ("microphone",), (), "street", 1.0, "neon", 0.7, "beat", "ring"),
    Concept(("a cappella", "acapella", "a capella"), ("choir",), (), "room", 0.5, "dawn", 1.0, "", "flame"),
    Concept(("duet",), (), (), "room", 0.3, "warm", 0.6, "", "pair"),
    Concept(("solo", "solo performance", "alone"), (), (), "room", 0.3, "calm", 0.4, "", "spot"),
)

_STYLES = (
    _style("classical, classic, clasical", "hall", "regal", "note", suggests="violin piano", dress="tuxedo"),
    _style("baroque", "hall", "saffron", "scroll", suggests="harpsichord", dress="tuxedo"),
    _style("romantic era", "hall", "dreamy", "scroll", suggests="piano violin", dress="tuxedo"),
    _style("opera, operatic", "hall", "fierce", "rose", suggests="female_voice", dress="tuxedo"),
    _style("orchestra, orchestral, symphony, symphonic", "hall", "dawn", "staff", things="strings horn cello",
           dress="tuxedo"),
    _style("concert, chamber, waltz", "hall", "regal", "staff", suggests="strings piano", dress="tuxedo"),
    _style("gospel", "church", "happy", "flame", suggests="choir"),
    _style("spiritual, sacred", "church", "dawn", "flame", suggests="choir"),
    _style("techno", "club", "neon", "grid", suggests="synth", dress="club", tempo="fast"),
    _style("dance, dancefloor", "club", "fierce", "confetti", suggests="turntable", dress="club", tempo="beat"),
    _style("electronic, electro, electronica, electric, electronics", "club", "dreamy", "circuit", suggests="synth",
           dress="club"),
    _style("trance", "club", "dreamy", "spiral", suggests="synth", dress="club", tempo="fast"),
    _style("house, garage", "club", "warm", "bars", suggests="turntable", dress="club", tempo="beat"),
    _style("disco", "club", "happy", "star", suggests="turntable", dress="club", tempo="beat"),
    _style("synth-pop, synthpop, electropop, electro-pop", "club", "neon", "balloon", suggests="synth", dress="club"),
    _style("dubstep, dub", "club", "dark", "arcs", suggests="turntable", dress="hip hop"),
    _style("drum and bass, idm, edm, rave", "club", "green", "bolt", suggests="drum_machine", dress="club"),
    _style("trip hop, chillout, lounge, downtempo", "club", "smoky", "bokeh", suggests="keyboard", dress="hat"),
    _style("chiptune", "club", "happy", "pixel", suggests="synth", dress="club"),
    _style("hip hop, hip-hop, hiphop, trap", "street", "smoky", "splash", suggests="turntable", dress="hip hop",
           tempo="beat"),
    _style("jazz, jazzy", "street", "smoky", "ring", suggests="saxophone piano", dress="hat"),
    _style("blues, bluesy", "street", "sad", "note", suggests="guitar", dress="hat"),
    _style("funk, funky", "street", "saffron", "daisy", suggests="bass_guitar drum_kit", dress="hat", tempo="beat"),
    _style("soul, r&b, rnb", "street", "warm", "heart", suggests="keyboard", dress="hat"),
    _style("swing, ragtime", "street", "happy", "ring", suggests="trumpet", dress="hat"),
    _style("tango", "street", "fierce", "rose", suggests="accordion", dress="tuxedo"),
    _style("latin, salsa, samba, bossa nova", "sea", "saffron", "confetti", suggests="hand_drums", tempo="beat"),
    _style("rock, rock and roll, band", "stage", "fierce", "star", suggests="electric_guitar", dress="leather",
           things=""),
    _style("hard rock, hardcore, grunge", "stage", "fierce", "bolt", suggests="electric_guitar", dress="leather"),
    _style("soft rock", "stage", "warm", "bokeh", suggests="electric_guitar", dress="leather"),
    _style("progressive rock, psychedelic", "stage", "dreamy", "spiral", suggests="electric_guitar", dress="leather"),
    _style("metal, heavy metal", "stage", "dark", "spark", suggests="electric_guitar", dress="leather", tempo="fast"),
    _style("punk, emo", "stage", "neon", "cross", suggests="electric_guitar", dress="leather", tempo="fast"),
    _style("pop", "stage", "happy", "balloon", suggests="keyboard"),
    _style("indie, indie pop, indie rock, alternative", "stage", "calm", "plane", suggests="electric_guitar"),
    _style("k-pop, kpop, j-pop, jpop", "stage", "neon", "heart", suggests="keyboard", dress="club"),
    _style("country, western, bluegrass, cowboy, americana", "prairie", "warm", "tumbleweed",
        suggests="acoustic_guitar",
           dress="country"),
    _style("folk", "forest", "warm", "leaf", suggests="acoustic_guitar"),
    _style("acoustic", "hills", "warm", "feather", suggests="acoustic_guitar"),
    _style("celtic, irish, gaelic", "hills", "green", "clover", suggests="harp fiddle"),
    _style("scottish", "hills", "calm", "clover", suggests="bagpipes"),
    _style("medieval, renaissance, courtly, madrigal", "castle", "regal", "pennant", suggests="lute", dress="tunic"),
    _style("english, british, english-language", "castle", "green", "umbrella"),
    _style("new age, zen", "pagoda", "dreamy", "lotus", suggests="synth"),
    _style("ambient, cosmic", "space", "dreamy", "bokeh", suggests="synth", tempo="slow"),
    _style("soundtrack, film music", "space", "regal", "spark", suggests="strings"),
    _style("experimental, fusion", "space", "eerie", "triangle", suggests="synth"),
    _style("lo-fi, lofi", "room", "smoky", "bokeh", suggests="keyboard", dress="hip hop"),
    _style("reggae, ska, dancehall", "sea", "green", "sunstripe", suggests="bass_guitar", dress="reggae", tempo="beat"),
    _style("tribal", "jungle", "saffron", "zigzag", suggests="hand_drums", dress="tunic"),
    _style("african, afrobeat", "jungle", "warm", "zigzag", suggests="hand_drums", dress="tunic"),
    _style("world, world music", "jungle", "green", "globe", suggests="hand_drums", dress="tunic"),
    _style("industrial, machine, mechanical", "factory", "fierce", "gear", suggests="synth", dress="leather"),
    _style("noise, distortion", "factory", "dark", "pixel", suggests="electric_guitar"),
    _style("indian, india, hindi", "palace", "saffron", "paisley", suggests="sitar tabla", dress="tunic"),
    _style("arabic, arab, egyptian", "desert", "saffron", "crescent", suggests="oud", dress="tunic"),
    _style("middle eastern, persian, turkish", "desert", "warm", "lantern", suggests="oud", dress="tunic"),
    _style("eastern, balkan, jewish, greek", "desert", "dawn", "diamond", suggests="oud", dress="tunic"),
    _style("russian, nordic", "forest", "sad", "flake", suggests="accordion", dress="tunic"),
    _style("oriental, asian", "pagoda", "saffron", "petal", suggests="koto", dress="tunic"),
    _style("chinese", "pagoda", "fierce", "lantern", suggests="erhu", dress="tunic"),
    _style("korean", "pagoda", "green", "kite", suggests="koto", dress="tunic"),
    _style("japanese", "pagoda", "dawn", "fan", suggests="koto", dress="tunic"),
    _style("spanish, flamenco", "prairie", "fierce", "fan", suggests="acoustic_guitar"),
    _style("mexican", "desert", "happy", "sunstripe", suggests="trumpet"),
    _style("cuban, caribbean", "sea", "fierce", "sunstripe", suggests="hand_drums"),
    _style("french", "street", "dreamy", "balloon", suggests="accordion"),
    _style("italian", "street", "saffron", "butterfly", suggests="mandolin"),
    _style("german, austrian", "castle", "calm", "pennant", suggests="brass"),
    _style("american", "prairie", "calm", "star", suggests="banjo"),
    _style("brazilian", "jungle", "happy", "feather", suggests="percussion"),
    _style("hawaiian", "sea", "happy", "petal", suggests="ukulele"),
    _style("foreign", "sea", "saffron", "plane"),
)  # fmt: skip

_SCENERIES = (
    _scenery("concert hall, theatre, theater, stalls", "hall", "regal"),
    _scenery("church, cathedral, chapel", "church", "dawn"),
    _scenery("club, nightclub", "club", "neon"),
    _scenery("desert, dunes", "desert", "saffron"),
    _scenery("forest, woods, woodland, fairy, pagan", "forest", "green"),
    _scenery("castle", "castle", "dawn"),
    _scenery("street, city, urban, noir", "street", "smoky"),
    _scenery("stage, arena, live", "stage", "", "spot"),
    _scenery("prairie, farm", "prairie", "warm"),
    _scenery("meadow, hills, field, fields, countryside", "hills", "happy"),
    _scenery("stars, galaxy, sci-fi", "space", "dreamy", "star"),
    _scenery("sea, ocean, beach, waves, island, river, lake, tropical", "sea", "calm", "ripple"),
    _scenery("jungle, rainforest, wilderness", "jungle", "green", "butterfly"),
    _scenery("factory", "factory", "fierce"),
    _scenery("room, window, indoors, home", "room", "warm"),
)

_MOODS = (
    _mood("happy, happily, joyful, joy, merry, cheerful, sunny", "happy", "daisy", place="hills"),
    _mood("upbeat, lively, uplifting, exciting, party", "happy", "confetti", tempo="fast"),
    _mood("playful, fun, funny, lol", "happy", "balloon"),
    _mood("bright, light", "happy", "sparkle", place="hills"),
    _mood("calm, calmly, peaceful, serene", "calm", "ripple", place="sea", tempo="slow"),
    _mood("relaxing, relaxed, soothing", "green", "seed", place="hills", tempo="slow"),
    _mood("soft, softly, gentle, gently", "calm", "feather", tempo="slow"),
    _mood("quiet, quietly", "calm", "crescent", place="room"),
    _mood("mellow, chill", "warm", "bokeh", tempo="slow"),
    _mood("romantic, tender, sweet", "dreamy", "heart"),
    _mood("sensual, sexy", "fierce", "rose"),
    _mood("beautiful, emotional", "dawn", "lotus"),
    _mood("silence, cold, still", "sad", "flake"),
    _mood("sad, sadly, mournful, sorrowful, tearful", "sad", "rain"),
    _mood("melancholy, melancholic, lonely, wistful, nostalgic", "sad", "leaf"),
    _mood("low, low-pitched", "dark", "wave"),
    _mood("high, high-pitched", "happy", "kite"),
    _mood("dark, night, gloomy, sombre, moody, brooding", "dark", "smoke", place="street"),
    _mood("deep", "dark", "bubble", place="sea"),
    _mood("drone, droning", "dark", "band", place="space", tempo="slow"),
    _mood("eerie, haunting, ghostly, mysterious, tense", "eerie", "wisp", place="forest"),
    _mood("scary, spooky", "eerie", "bat", place="castle"),
    _mood("weird", "eerie", "spiral", place="space"),
    _mood("strange, different, unusual, exotic", "eerie", "triangle", place="space"),
    _mood("loud, loudly", "fierce", "arcs", place="stage"),
    _mood("heavy, intense", "fierce", "boulder", place="factory"),
    _mood("hard, aggressive, angry, harsh", "fierce", "shard", place="stage"),
    _mood("energetic, driving", "neon", "streak", tempo="fast"),
    _mood("powerful, epic, dramatic", "fierce", "bolt", place="stage"),
    Concept(("space", "spacey"), (), (), "space", 2.0, "dark", 2.2, "", "star"),
    _mood("airy, floating", "dreamy", "seed", place="hills"),
    _mood("dreamy, ethereal", "dreamy", "cloud"),
    _mood("hypnotic, meditative", "dreamy", "spiral", tempo="slow"),
    _mood("echo, reverb, echoing", "dreamy", "echo", place="church"),
    _mood("warm", "warm", "sunstripe"),
    _mood("old, vintage, ancient, retro, traditional", "regal", "leaf", place="castle"),
    _mood("modern, digital, contemporary", "neon", "pixel", place="street"),
    _mood("solemn, majestic, grand", "regal", "flame"),
    _mood("hopeful, inspiring, motivational", "dawn", "kite"),
    _mood("melodic, melody-led", "calm", "staff"),
    _mood("simple, minimal", "calm", "diamond"),
    _mood("rain, storm", "sad", "rain", place="street"),
    _mood("windy, breeze", "green", "gust", place="hills"),
    _mood("applause, crowd, sound effects", "warm", "confetti", place="stage"),
)

_TEMPOS = (
    Concept(("fast", "quick", "very fast", "hurried", "racing", "rapid", "brisk", "swift", "presto", "allegro"),
            light="fierce", weight=0.8, tempo="fast", air="streak"),
    Concept(("slow", "very slow", "slowly", "unhurried", "lento", "adagio", "andante"),
            light="calm", weight=0.8, tempo="slow", air="cloud"),
    Concept(("moderate", "medium tempo", "mid-tempo"), light="green", weight=0.5, tempo="walk", air="dot"),
    Concept(("beat", "beats", "rhythm", "rhythmic", "loop", "steady", "pulse", "pulsing", "groove"),
            light="neon", weight=0.8, tempo="beat", air="dot"),
    Concept(("repetitive", "repeating"), light="neon", weight=0.6, tempo="beat", air="tile"),
    Concept(("clapping", "tapping"), ("hands",), light="happy", weight=0.6, tempo="beat", air="sparkle"),
    Concept(("plucking", "plucked"), (), ("acoustic_guitar",), light="dawn", weight=0.7, air="pluck"),
)  # fmt: skip

CONCEPTS: dict[str, Concept] = {
    concept.name: concept for group in (_SOUNDS, _VOICES, _STYLES, _SCENERIES, _MOODS, _TEMPOS) for concept in group
}
