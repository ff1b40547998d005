"""The words that the model knows, and sentences made of them.

Sentences of a test are never among those that the model is trained on: which of the two a sentence may be is decided by a hash of
its words.
"""

import hashlib
import random

NUMBERS = "one two three four five six seven eight nine ten eleven twelve twenty fifty hundred thousand".split()
COLOURS = "red blue green yellow orange purple black white brown pink silver golden".split()
ANIMALS = (
    "cat dog horses rabbit tiger monkey elephants chickens spiders dolphins lion sheep mouse turtle eagle zebra camel penguins wolf fox"
).split()
PEOPLE = "children doctor teacher sister brother mother father farmer king captain baker soldier pilot neighbour".split()
NAMES = "Peter Maria Alice Robert Emma Oliver Hannah Victor Sophie Daniel".split()
VERBS = (
    "found bought carried painted followed opened watched remembered washed cooked loved wanted needed visited borrowed counted "
    "dropped pushed repaired discovered"
).split()
OBJECTS = (
    "apples bottles window table letters pictures guitar piano hammer ladder umbrella basket candles mirror pencils pillow blanket kettle "
    "sandwich bananas tomatoes potatoes cheese butter coffee sugar water tickets engine rocket telephone computer camera newspaper "
    "bicycle"
).split()
PLACES = (
    "garden river mountain bridge kitchen school market station church hospital library village city forest beach desert office "
    "airport museum castle island"
).split()
ADJECTIVES = (
    "big little old young happy angry quiet beautiful broken heavy empty strange wooden cold warm clever lazy famous dangerous "
    "expensive"
).split()
TIMES = "today yesterday tomorrow again always never slowly quickly together Monday Friday Sunday".split()
PREPOSITIONS = "in under near behind from with without over".split()
CONJUNCTIONS = "and because before after".split()
DETERMINERS = "the my your every this some".split()
OTHERS = "please hello maybe".split()
# What stands behind a number, of the above.
PLURALS = (
    "horses elephants chickens spiders dolphins sheep penguins children apples bottles letters pictures candles pencils bananas "
    "tomatoes potatoes tickets"
).split()

WORDS = (
    NUMBERS + COLOURS + ANIMALS + PEOPLE + NAMES + VERBS + OBJECTS + PLACES + ADJECTIVES + TIMES + PREPOSITIONS + CONJUNCTIONS
    + DETERMINERS + OTHERS
)
assert len(set(WORDS)) == len(WORDS)

# A sentence in this many is kept for tests.
TEST_SHARE = 16


def is_for_tests(words):
    """Whether a sentence is one of those that nothing is trained on. Single words can't be kept apart."""
    digest = hashlib.sha256(" ".join(words).lower().encode()).digest()
    return len(words) > 1 and digest[0] % TEST_SHARE == 0


def noun_phrase(pick, things):
    if things is PEOPLE and pick.random() < 0.35:
        return [pick.choice(NAMES)]
    thing = pick.choice(things)
    if thing in PLURALS:
        words = [pick.choice([word for word in DETERMINERS if word not in ("every", "this")] + NUMBERS[1:14])]
    else:
        words = [pick.choice(DETERMINERS)]
    if pick.random() < 0.45:
        words.append(pick.choice(ADJECTIVES if pick.random() < 0.5 else COLOURS))
    return words + [thing]


def clause(pick):
    words = noun_phrase(pick, pick.choice([PEOPLE, PEOPLE, ANIMALS]))
    words.append(pick.choice(VERBS))
    words += noun_phrase(pick, pick.choice([OBJECTS, OBJECTS, ANIMALS]))
    return words


def grammatical(pick):
    """A sentence as people might say it, of 3 to some 16 words."""
    words = clause(pick)
    if pick.random() < 0.15:
        words.insert(0, pick.choice(OTHERS))
    if pick.random() < 0.5:
        words += [pick.choice(PREPOSITIONS), pick.choice(DETERMINERS), pick.choice(PLACES)]
    if pick.random() < 0.3:
        words.append(pick.choice(TIMES))
    if len(words) < 8 and pick.random() < 0.2:
        words += [pick.choice(CONJUNCTIONS)] + clause(pick)
    return words


def fragment(pick):
    """A part of a sentence, as titles and answers are."""
    kind = pick.randrange(3)
    if kind == 0:
        return noun_phrase(pick, pick.choice([PEOPLE, ANIMALS, OBJECTS, PLACES]))
    if kind == 1:
        return [pick.choice(PREPOSITIONS)] + noun_phrase(pick, PLACES)
    return [pick.choice(NUMBERS[1:14]), pick.choice(COLOURS), pick.choice(PLURALS)]


def scrambled(pick):
    """Words in any order: each is to be heard, not guessed from those before."""
    return [pick.choice(WORDS) for _ in range(pick.randint(1, 12))]


def sentence(pick, longest=12):
    """One sentence of any kind, at most so many words."""
    while True:
        make = pick.choices([grammatical, fragment, scrambled], [5, 1, 5])[0]
        words = make(pick)
        if len(words) <= longest:
            return words


def training_sentences(count, seed=1):
    """Sentences to train on, none of them for tests."""
    pick = random.Random(seed)
    made = []
    while len(made) < count:
        words = sentence(pick)
        if not is_for_tests(words):
            made.append(words)
    return made


def test_sentences(count=300, seed=2):
    """Sentences of 3 to 12 words to test with, each another, most of them grammatical."""
    pick = random.Random(seed)
    made = []
    while len(made) < count:
        words = grammatical(pick) if pick.random() < 0.8 else scrambled(pick)
        if 3 <= len(words) <= 12 and is_for_tests(words) and words not in made:
            made.append(words)
    return made


def errors(said, heard):
    """How many words are to be changed, put in or taken out to make one of the other."""
    row = list(range(len(heard) + 1))
    for i, one in enumerate(said):
        previous, row = row, [i + 1]
        for j, other in enumerate(heard):
            row.append(min(row[j] + 1, previous[j + 1] + 1, previous[j] + (one != other)))
    return row[-1]


if __name__ == "__main__":
    print(len(WORDS), "words")
    for words in test_sentences(12):
        print(" ".join(words))
