extension ReferenceText {
    static let first = #"""
        The harbour at Selby Point had been built for a trade that no longer existed. Two long piers of grey \#
        stone reached out into the bay, and between them the water lay flat and green even when the sea outside \#
        was rough. Once there had been forty boats. Now there were six, and on most mornings only four of them \#
        went out, because the brothers Haddow were old and did not like the cold.

        Margaret Ellery kept the light at the end of the northern pier. It was no longer a lamp with a keeper, \#
        strictly speaking; it was a small white box on a pole, with a battery and a panel, and it switched \#
        itself on when it grew dark. But somebody had to clean the glass, and somebody had to telephone the \#
        office in the county town when it failed, and the council paid her a little for doing both. She walked \#
        out every evening with a cloth and a thermos flask. She had done so for nineteen years.

        On the evening of the storm she was late. The bus had been held up by a fallen tree, and by the time she \#
        reached the first of the iron rings in the wall the wind was strong enough to lean on. She stopped there \#
        and thought about going home. Then she saw that the light was out.

        "You can't go along there," said somebody behind her. It was the younger Haddow, who was seventy-one. He \#
        had a rope over his shoulder and no hat.

        "Is anyone still outside?" she asked.

        "The Petrel. Young Osgood and the girl. They should have been in at five."

        "And what time is it now?"

        He did not answer that. He tied one end of the rope to the ring, and gave her the other. "If you go," he \#
        said, "you go on this. And when I pull, you come back, whatever you think you're doing."

        She tied it about her waist with the knot her father had taught her. The stone was slippery and every \#
        few seconds a sheet of water came over the wall, but the sheets came at regular intervals, and between \#
        them there was time for ten steps, then twelve. She counted. At the end she put both arms round the pole \#
        and felt for the catch of the little box. The battery was dry; the panel was whole; it was only the \#
        plug, which had been shaken loose. She pushed it in with her thumb and the light came on so close to her \#
        face that she could see nothing else for a minute afterwards.

        The Petrel came in at twenty past eight with her forward hatch stove in and her pump running. Nobody \#
        said very much about it. But in the spring, when the council proposed to save a small sum by leaving the \#
        light to look after itself, there were thirty-four people at the meeting, which was more than lived in \#
        the village, and the proposal was not put to the vote.

        ## How to bake a plain loaf

        You need no machine for this, and not much time in which you are actually busy.

        Ingredients:

        - 500 g of strong white flour
        - 320 g of lukewarm water
        - 7 g of dried yeast, or 15 g of fresh yeast
        - 10 g of salt
        - 1 tablespoon of olive oil

        Method:

        1. Mix the flour and the yeast in a large bowl. Add the water and stir with a wooden spoon until no dry \#
        flour is left.
        2. Cover the bowl and leave it for twenty minutes. The flour takes up the water in this time, and the \#
        dough becomes much easier to work.
        3. Add the salt and the oil. Knead for eight to ten minutes, until the dough is smooth and springs back \#
        when you press it with a finger.
        4. Let it rise in a warm place until it has doubled. This takes about an hour in summer and two in \#
        winter.
        5. Shape it into a ball, put it on a floured tray, and let it rise again for forty minutes.
        6. Heat the oven to 230 degrees. Cut a cross into the top of the loaf, and bake it for thirty minutes. \#
        It is done when it sounds hollow underneath.

        If the crust gets too dark, lower the heat to 200 degrees after the first ten minutes. Let the loaf cool \#
        on a rack before you cut it; the inside goes on setting as it cools, and a hot loaf is gummy.

        ## A small queue

        The following class holds a fixed number of items. When it is full, adding another one removes the \#
        oldest.

        ```python
        class RingBuffer:
            """Holds the last `capacity` items that were added."""

            def __init__(self, capacity):
                if capacity < 1:
                    raise ValueError("capacity must be at least 1")
                self.items = [None] * capacity
                self.start = 0
                self.length = 0

            def add(self, item):
                end = (self.start + self.length) % len(self.items)
                self.items[end] = item
                if self.length < len(self.items):
                    self.length += 1
                else:
                    self.start = (self.start + 1) % len(self.items)

            def __len__(self):
                return self.length

            def __iter__(self):
                for offset in range(self.length):
                    yield self.items[(self.start + offset) % len(self.items)]


        def moving_average(values, width):
            window = RingBuffer(width)
            total = 0.0
            for value in values:
                if len(window) == width:
                    total -= next(iter(window))
                window.add(value)
                total += value
                yield total / len(window)


        if __name__ == "__main__":
            print(list(moving_average([1, 2, 3, 4, 5, 6], 3)))
        ```

        It prints `[1.0, 1.5, 2.0, 3.0, 4.0, 5.0]`. Note that the sum is updated instead of being computed anew \#
        for every value, so that the cost of a step does not depend on the width of the window. With floating \#
        point numbers a small error remains after each subtraction; over millions of steps it can add up, and \#
        then it is better to compute the sum anew from time to time.

        ## Why the sky is blue

        Light from the sun contains all colours. On its way through the air it meets molecules that are much \#
        smaller than its wavelength, and a little of it is scattered in all directions. How much is scattered \#
        depends strongly on the wavelength: it grows with the inverse of its fourth power. Blue light has a \#
        wavelength of about 450 nanometres and red light of about 650, so blue light is scattered roughly four \#
        times as much. When you look at the sky away from the sun, what you see is scattered light, and most of \#
        that is blue.

        In the evening the light has a longer way through the air. Much of the blue has been scattered out of it \#
        before it reaches you, and what is left is yellow, orange and finally red. Dust and small drops of water \#
        scatter all colours about equally; this is why clouds are white, and why a hazy sky is pale.

        One might ask why the sky is not violet, since violet light has an even shorter wavelength. There are \#
        two reasons. The sun gives off less violet than blue, and some of it is taken up high in the atmosphere. \#
        And our eyes are less sensitive to violet: the mixture that reaches them looks to us like a pale blue.

        ## Questions that people ask at the library

        Q: How many books may I borrow at once?
        A: Twelve, of which no more than four may be films or music. Children under ten may borrow six.

        Q: What happens if I bring a book back late?
        A: Nothing in the first three days. After that it costs ten cents a day for each book, up to the price \#
        of the book. If somebody else is waiting for it, we will write to you.

        Q: Can I read newspapers from other countries?
        A: Yes. We have about forty in print, most of them a day or two old, and many more on the computers on \#
        the second floor.

        Q: I have lost my card. What should I do?
        A: Tell us as soon as you can, so that nobody else can use it. A new card costs three euros. Please \#
        bring something that shows your name and your address.

        Q: Is there a quiet place to work?
        A: The reading room on the third floor is meant to be silent. In the large hall you may talk in a low \#
        voice. Groups can book one of the small rooms for two hours at a time.
        """#
}
