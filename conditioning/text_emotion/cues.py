"""Words and emoji that show an emotion without naming it, by the noun of the vocabulary they stand for. Data only.

Our own list; it decides where no network is installed, and adds what the network was not taught.
"""

CUE_WORDS: dict[str, str] = {
    "happiness": "smile smiles smiled smiling grin grinned laugh laughs laughed laughing laughter giggle giggled "
    "great good wonderful fantastic fabulous brilliant awesome excellent perfect lovely nice "
    "beautiful best fun yay hooray hurray celebrate celebrated celebrating birthday party win won "
    "wins winning bravo congratulations gorgeous sunshine lucky",
    "love": "dear darling sweetheart beloved kiss kissed hug hugged cherish cuddle",
    "gratitude": "thanks thank",
    "hope": "wish wishes",
    "sadness": "cry cries cried crying tear tears weep weeps wept weeping sob sobbed sobbing die died dies dying "
    "dead death funeral lost lose losing loss gone alone goodbye farewell broken divorce cancer poor "
    "tragic tragedy",
    "disappointment": "unfortunately failed fail fails failure failing missed worse",
    "despair": "pointless useless ruined",
    "anger": "damn damned hell bastard idiot idiots stupid shut unfair liar lied lies betrayed cheated yell "
    "yelled yelling shouted punch fight hit rude insane ridiculous unacceptable nonsense blame enemy "
    "kill",
    "annoyance": "bother bothers bothering nag whatever seriously",
    "fear": "danger dangerous threat threatened threatening help run hide hiding monster nightmare nightmares "
    "trembling shaking shiver bomb murder murderer ghost haunted gun knife attack attacked victim "
    "emergency",
    "disgust": "yuck ew eww ugh vomit vomited vomiting puke filthy filth rotten rot stench stink stinks stinking "
    "slime slimy nasty dirty mouldy moldy maggots foul vile sewage",
    "surprise": "wow whoa oh unbelievable incredible incredibly sudden suddenly unexpected unexpectedly omg gosh",
    "contempt": "pathetic loser losers worthless inferior laughable",
    "calm": "quietly gently breeze meditate meditation",
    "boredom": "yawn yawned yawning dreary",
}

CUE_EMOJI: dict[str, str] = {
    "happiness": "😀😃😄😁😆😅😂🤣🙂😊☺😺😸🎉🥳👍🌞😋😎🤩🙌",
    "love": "😍🥰😘❤💕💖💗😻🤗💞💓",
    "calm": "😌🧘🍃",
    "sadness": "😢😭😞😔☹🙁😟💔😿🥺😥😪",
    "anger": "😠😡🤬👿💢😾",
    "fear": "😨😱😰😧🙀",
    "disgust": "🤢🤮",
    "surprise": "😮😲😯🤯😳",
    "contempt": "🙄😏😒",
    "boredom": "🥱😑😴",
}

_NEGATIONS = (
    "not no never none nobody nothing neither nor without hardly barely scarcely cannot can't won't don't doesn't "
    "didn't isn't aren't wasn't weren't ain't wouldn't shouldn't couldn't haven't hasn't hadn't cant wont dont "
    "doesnt didnt"
)
_STRONGER = "very so really extremely absolutely totally completely incredibly utterly deeply truly too such terribly"
_WEAKER = "slightly somewhat little bit rather kinda fairly mildly almost"
NEGATIONS, STRONGER, WEAKER = (frozenset(words.split()) for words in (_NEGATIONS, _STRONGER, _WEAKER))
