"""The published tag lists of three collections, and the most frequent tags of a fourth."""


def _tags(text: str, mark: str) -> list[str]:
    return [tag for tag in text.replace("\n", mark).split(mark) if tag]


MTG_JAMENDO = {
    "genre": _tags(
        """
electronic rock pop ambient soundtrack alternative experimental easylistening classical dance chillout jazz
poprock indie world folk techno hiphop lounge house funk orchestral popfolk atmospheric trance instrumentalpop
newage blues metal progressive electropop triphop reggae downtempo minimal rap rnb punkrock psychedelic
instrumentalrock industrial latin dubstep drumnbass ethno fusion club symphonic country electronica disco
singersongwriter darkambient breakbeat soul synthpop dub hardrock rocknroll 80s contemporary eurodance grunge
improvisation postrock groove 90s alternativerock deephouse celtic jazzfunk idm bossanova darkwave swing 70s
acidjazz classicrock newwave oriental hard chanson ethnicrock jazzfusion 60s choir edm ska gothic worldfusion
bluesrock heavymetal medieval tribal african
""",
        " ",
    ),
    "instrument": _tags(
        """
piano synthesizer bass drums guitar electricguitar acousticguitar violin voice computer keyboard strings
drummachine flute electricpiano cello saxophone trumpet percussion sampler orchestra beat classicalguitar bell
doublebass accordion harp viola horn rhodes pipeorgan brass acousticbassguitar organ clarinet trombone harmonica
pad ukulele bongo oboe
""",
        " ",
    ),
    "mood/theme": _tags(
        """
love happy energetic dark relaxing melodic sad dream film emotional epic romantic melancholic space meditative
uplifting ballad inspiring calm soft slow fun christmas motivational positive upbeat dramatic deep children
adventure soundscape summer powerful hopeful advertising party background action movie drama nature cool funny
documentary fast groovy corporate commercial travel sport retro game sexy trailer heavy holiday ambiental horror
mellow
""",
        " ",
    ),
}

FMA = _tags(
    """
Avant-Garde|International|Blues|Jazz|Classical|Novelty|Comedy|Old-Time / Historic|Country|Pop|Disco|Rock
Easy Listening|Soul-RnB|Electronic|Sound Effects|Folk|Soundtrack|Funk|Spoken|Hip-Hop|Audio Collage|Punk
Post-Rock|Lo-Fi|Field Recordings|Metal|Noise|Psych-Folk|Krautrock|Jazz: Vocal|Experimental|Electroacoustic
Ambient Electronic|Radio Art|Loud-Rock|Latin America|Drone|Free-Folk|Noise-Rock|Psych-Rock|Bluegrass
Electro-Punk|Radio|Indie-Rock|Industrial|No Wave|Free-Jazz|Experimental Pop|French|Reggae - Dub|Afrobeat
Nerdcore|Garage|Indian|New Wave|Post-Punk|Sludge|African|Freak-Folk|Jazz: Out|Progressive|Alternative Hip-Hop
Death-Metal|Middle East|Singer-Songwriter|Ambient|Hardcore|Power-Pop|Space-Rock|Polka|Balkan|Unclassifiable
Europe|Americana|Spoken Weird|Interview|Black-Metal|Rockabilly|Easy Listening: Vocal|Brazilian|Asia-Far East
N. Indian Traditional|South Indian Traditional|Bollywood|Pacific|Celtic|Be-Bop|Big Band/Swing|British Folk
Techno|House|Glitch|Minimal Electronic|Breakcore - Hard|Sound Poetry|20th Century Classical|Poetry|Talk Radio
North African|Sound Collage|Flamenco|IDM|Chiptune|Musique Concrete|Improv|New Age|Trip-Hop|Dance|Chip Music
Lounge|Goth|Composed Music|Drum & Bass|Shoegaze|Kid-Friendly|Thrash|Synth Pop|Banter|Deep Funk|Spoken Word
Chill-out|Bigbeat|Surf|Radio Theater|Grindcore|Rock Opera|Opera|Chamber Music|Choral Music|Symphony|Minimalism
Musical Theater|Dubstep|Skweee|Western Swing|Downtempo|Cumbia|Latin|Sound Art|Romany (Gypsy)|Compilation|Rap
Breakbeat|Gospel|Abstract Hip-Hop|Reggae - Dancehall|Spanish|Country & Western|Contemporary Classical|Wonky
Jungle|Klezmer|Holiday|Salsa|Nu-Jazz|Hip-Hop Beats|Modern Jazz|Turkish|Tango|Fado|Christmas|Instrumental
""",
    "|",
)

# The fifty of the Million Song Dataset's Last.fm set that taggers are trained on, and others of its most frequent ones.
LASTFM = _tags(
    """
rock|pop|alternative|indie|electronic|female vocalists|dance|00s|alternative rock|jazz|beautiful|metal|chillout
male vocalists|classic rock|soul|indie rock|Mellow|electronica|80s|folk|90s|chill|instrumental|punk|oldies|blues
hard rock|ambient|acoustic|experimental|female vocalist|guitar|Hip-Hop|70s|party|country|easy listening|sexy
catchy|funk|electro|heavy metal|Progressive rock|60s|rnb|indie pop|sad|House|happy|favorites|seen live|Love
Awesome|american|british|cool|singer-songwriter|favourites|rap|piano|amazing|great|love songs|hip hop|reggae
Soundtrack|psychedelic|Favorite|male vocalist|trance|punk rock|emo|Favourite Songs|rock n roll|techno|trip-hop
new wave|post-punk|death metal|black metal|industrial|hardcore|Favorite songs|cover|Classical|lounge|downtempo
latin|melancholy|melancholic|dreamy|epic|fun|romantic|relaxing|summer|upbeat|feel good|german|french|swedish
japanese|spanish|Canadian|UK|usa|live|ballad|Ballads|energetic|slow|sweet|soft rock|britpop|post-rock|shoegaze
grunge|ska|thrash metal|power metal|nu metal|metalcore|drum and bass|idm|new age|world|christian|gospel|disco
synthpop|dubstep|folk rock|blues rock|pop rock|garage rock|christmas|covers|remix|atmospheric|dark|albums I own
good music|best|lovely|nostalgia|driving|loved|hot|beats|groovy|smooth|soft|vocal|piano|sleep|rainy day
""",
    "|",
)
