"""Prompts of random words, so that no cache holds them from an earlier round."""

import random

# One token each, with the space before it, in the default model's vocabulary and in most others.
WORDS = """
that have they more also over year what inter could well every form make effect count lead life find back might often show
design care take called build body change report energy keep move things type group here pain turn case post model press
future plant second works amount author give mind field expect appear story record away left growth fund death sound
nature hold meet regard online market values entire below review site check skin week bring feed months total hours half
farm easy ideas built fire mental ones uses broad safety daily humans answer late exact shape series quite theory animal
search gain lines steps speak offers waste foot trying attack legal nation useful labor fair length fast fight users tests
forces solar laws teach apply piece expand burn nearly older fresh sugar style core summer equal wrong watch enter wanted
wrote master index faith died games placed track excess drugs urban label mouth board eight pick expert belong church
""".split()


class Prompts:
    """A source of prompts that are repeated for the same seed alone."""

    def __init__(self, seed):
        self._random = random.Random(seed)

    def words(self, count):
        return " ".join(self._random.choice(WORDS) for _ in range(count))
