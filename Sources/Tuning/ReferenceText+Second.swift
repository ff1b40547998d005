extension ReferenceText {
    static let second = #"""
        ## Minutes of the allotment society, 14 March

        Present: Mrs Abara (chair), Mr Lindqvist (treasurer), Ms Roper (secretary), and nineteen members. \#
        Apologies were received from Mr and Mrs Dale.

        The minutes of the last meeting were read and agreed, with one correction: the shed that was broken into \#
        was that of plot 27 and not that of plot 72.

        The treasurer reported that the society had 1,846.20 in the bank at the end of February, against \#
        1,910.75 a year before. The difference was due to the repair of the water pipe along the eastern path. \#
        He recommended leaving the rent as it was. This was agreed without a vote.

        There was a long discussion of the hedge. Some members wished it to be cut in March, before birds nest \#
        in it; others pointed out that birds were nesting in it already. It was agreed to cut the side that \#
        faces the road by hand, on the two Saturdays that follow, and to leave the rest until September. Mr \#
        Lindqvist will bring the tools, Ms Roper the tea.

        The waiting list has 31 names. Two plots became free in the winter. The chair reminded members that a \#
        plot which is not worked for a whole season can be given to somebody else, and said that she had no wish \#
        to write such letters again.

        The meeting closed at a quarter past nine.

        ## A table of planets

        | planet  | radius, km | day, hours | year, days | moons |
        |---------|-----------:|-----------:|-----------:|------:|
        | Mercury |      2,440 |    4,222.6 |       88.0 |     0 |
        | Venus   |      6,052 |    2,802.0 |      224.7 |     0 |
        | Earth   |      6,371 |       24.0 |      365.2 |     1 |
        | Mars    |      3,390 |       24.7 |      687.0 |     2 |
        | Jupiter |     69,911 |        9.9 |    4,331.0 |    95 |
        | Saturn  |     58,232 |       10.7 |   10,747.0 |   146 |

        The days in this table are measured from one noon to the next. Mercury turns on its axis three times in \#
        two of its years; seen from its surface, the sun takes two years to come back to the same place in the \#
        sky. Venus turns backwards, and so slowly that its day is longer than half of its year.

        ## Counting words

        This program reads text from standard input and prints the ten words that are most frequent in it.

        ```c
        #include <ctype.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>

        #define MAX_WORDS 50000
        #define MAX_LENGTH 64

        struct entry {
            char word[MAX_LENGTH];
            unsigned long count;
        };

        static struct entry entries[MAX_WORDS];
        static size_t used = 0;

        static void count_word(const char *word)
        {
            for (size_t i = 0; i < used; i++) {
                if (strcmp(entries[i].word, word) == 0) {
                    entries[i].count++;
                    return;
                }
            }
            if (used < MAX_WORDS) {
                strncpy(entries[used].word, word, MAX_LENGTH - 1);
                entries[used].count = 1;
                used++;
            }
        }

        static int by_count(const void *a, const void *b)
        {
            const struct entry *x = a, *y = b;
            return (x->count < y->count) - (x->count > y->count);
        }

        int main(void)
        {
            char word[MAX_LENGTH];
            size_t length = 0;
            int c;
            while ((c = getchar()) != EOF) {
                if (isalpha(c) && length < MAX_LENGTH - 1) {
                    word[length++] = (char)tolower(c);
                } else if (length > 0) {
                    word[length] = '\0';
                    count_word(word);
                    length = 0;
                }
            }
            qsort(entries, used, sizeof(entries[0]), by_count);
            for (size_t i = 0; i < 10 && i < used; i++)
                printf("%8lu  %s\n", entries[i].count, entries[i].word);
            return 0;
        }
        ```

        It is simple, and slow for long texts: to find a word it looks at all the words before it. A hash table \#
        would find it in one or two steps. For a text of a hundred thousand words the difference is between \#
        several seconds and a few hundredths of one.

        ## From a letter

        Dear Aunt Josephine,

        Thank you for the parcel, which came on Tuesday with only one corner damaged. The marmalade was whole. \#
        The children fought over the puzzle for most of Wednesday and have now agreed to do it together, which I \#
        suppose was your intention.

        You ask how the new house is. It is smaller than the old one and much warmer. The kitchen looks out on a \#
        wall, but over the wall you can see the top of a chestnut tree, and in the mornings there is a blackbird \#
        in it that sings as if it were paid by the note. Edwin has built shelves. They are not quite level, and \#
        he says that the house is not quite level either, so that the two cancel out; I put a marble on them and \#
        it stays where it is, so perhaps he is right.

        I am teaching three days a week. The pupils are kind and very tired, since most of them work during the \#
        day. Last week I asked them to describe the way from their home to the school. One of them, a man of \#
        fifty who drives a crane, wrote four pages. He knows that way from sixty metres above it, and he \#
        described it like a map that somebody has unrolled: the river, the bus turning, the school like a box \#
        with its lid off. I read it out, and nobody moved.

        Will you come in June? The train takes four hours and you would not have to change. We have a bed for \#
        you that is level in every direction.

        With love from all of us,
        Clara

        ## Dividing fairly

        Suppose that two people want to divide a cake, and that each of them would like a different part of it. \#
        An old rule says: one of them cuts, the other one chooses. The one who cuts will make two pieces that \#
        seem equal to her, because she must be content with either. The one who chooses takes the piece that \#
        seems larger to him. In the end each of them thinks that he or she has at least half.

        With three people it is harder. The first cuts a piece which she believes to be a third. The second may \#
        make it smaller, if he thinks that it is too large; then the third may do so. Whoever was the last to \#
        touch the piece takes it, and the two who are left divide the rest by cutting and choosing. Each of them \#
        ends with at least a third in his or her own opinion. It does not follow that nobody envies anybody: one \#
        may think that one has a third, and that somebody else has more. A way to divide without envy among \#
        three people was found only around 1960, and for four or more the known methods can need a very large \#
        number of cuts.

        ## Opening hours and prices

        The museum is open from Tuesday to Sunday, 10:00 to 18:00, and until 21:00 on Thursdays. It is closed on \#
        1 January, 1 May and 25 December.

        Adults: 9.50. Students and people over 65: 6.00. Children up to 14: free. A family ticket for two adults \#
        and any number of children costs 17.00. On the first Sunday of each month everybody is admitted free.

        Guided tours start at 11:00 and 15:00 and take about an hour. For groups of more than ten people please \#
        telephone 555-0142 at least a week before. Large bags and umbrellas must be left in the cloakroom. You \#
        may take photographs without flash, except in room 12.

        ## A conversation on a train

        "Is this seat taken?"

        "No, please. I'll move my things."

        "Thank you. They've put two trains into one again, haven't they? I'm sorry, I don't mean to disturb you. \#
        You were reading."

        "Pretending to. I've read the same page since Northwick. It's a report on drains."

        "Do you work with drains?"

        "I work with the people who work with the people who work with drains. I make sure that the reports have \#
        the same number of pages as the contents say they have. And you?"

        "I tune pianos. I've just come from a school with eleven of them. Somebody had put a sandwich into the \#
        ninth one."

        "What does that do to the sound?"

        "Less than you'd think. It was quite an old sandwich. The mice had done more harm than the bread."

        The train slowed down, stopped in the middle of a field, and stood there ticking in the heat. A voice \#
        said something about signals. Several people sighed at the same moment, and then laughed because they \#
        had.

        "May I ask you something?" she said. "How do you know when it's right? A string, I mean. Is there a \#
        number?"

        "There's a number for one of them. For the rest you listen to two at once. If they're nearly the same, \#
        they beat against each other, like a slow wave. You turn the pin until the wave gets longer and longer, \#
        and then it's gone. But the odd thing is that you can't have all of them right. If every fifth is pure, \#
        the octaves come out wrong. So you make each of them a little bit false, and you spread it so that \#
        nobody minds."

        "That," she said, "is exactly how the reports are made."

        ## Two queries

        The first lists the customers who have ordered more than a thousand's worth in this year, the second \#
        those who have not ordered at all.

        ```sql
        SELECT c.name, SUM(o.amount) AS total
        FROM customers AS c
        JOIN orders AS o ON o.customer_id = c.id
        WHERE o.placed_at >= DATE '2026-01-01'
        GROUP BY c.id, c.name
        HAVING SUM(o.amount) > 1000
        ORDER BY total DESC;

        SELECT c.name
        FROM customers AS c
        LEFT JOIN orders AS o ON o.customer_id = c.id
        WHERE o.id IS NULL
        ORDER BY c.name;
        ```

        ## The weather for tomorrow

        In the north it stays cloudy, with light rain along the coast in the morning. Inland the clouds will \#
        break up towards noon. The south is sunny and dry, with temperatures of up to 24 degrees; in the valleys \#
        there may be fog until nine o'clock. The wind is weak at first and comes from the south-west. In the \#
        night to Friday it freshens and turns to the north, and the temperature falls to 8 degrees. The outlook \#
        for the weekend is changeable: showers on Saturday, brighter on Sunday, and cooler on both days than the \#
        season would lead one to expect.
        """#
}
