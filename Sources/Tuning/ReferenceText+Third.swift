extension ReferenceText {
    static let third = #"""
        ## How the canal lock works

        A lock is a box of water with a gate at each end. A boat that wants to go up enters at the lower gate, \#
        which is then closed behind it. Through a small opening in the upper gate, the paddle, water runs into \#
        the box until it stands as high as above. Only then can the upper gate be opened, since nobody could \#
        push it against the weight of the water; and the boat goes on, some two or three metres higher than it \#
        was. To go down, everything is done in the opposite order. Nothing is pumped. All that is used is the \#
        water that runs down by itself, about 200 cubic metres each time, and for this reason canals have \#
        reservoirs at their highest point.

        The gates meet at an angle that points upstream, like the head of an arrow. The water presses them \#
        together, and the more it presses the tighter they close. The form is said to have been invented in \#
        Milan in the fifteenth century, and it has hardly been changed since.

        Rules for those who use the locks on this canal:

        * Give way to a boat for which the lock is ready, whichever way it goes.
        * Open the paddles slowly, a quarter at first, and look at the ropes.
        * Close all gates and paddles when you leave, unless another boat is coming.
        * Keep children and dogs away from the edge. The walls are slippery and there is no way out but the \#
        ladders.

        ## Settings

        The program reads its settings from a file called `settings.toml` in the folder where it is started.

        ```toml
        [server]
        address = "127.0.0.1"
        port = 8080
        workers = 4

        [storage]
        path = "/var/lib/example"
        max_size_mb = 2048

        [log]
        level = "info"      # debug, info, warning or error
        keep_days = 14
        ```

        If a setting is missing, the default is used. If a setting is wrong, the program says which line it is \#
        in and does not start. Changes take effect when the program is started anew, or when it is sent the \#
        signal SIGHUP; a change of the address or of the port is ignored in that case, and a line in the log \#
        says so.

        ## A short history of the pencil

        In 1564, or so the story goes, a storm uprooted a tree near Borrowdale in the north of England, and \#
        under its roots lay a black mineral that nobody had seen before. Shepherds used it to mark their sheep. \#
        It was taken for a kind of lead, which is why we still speak of the lead in a pencil, though it is \#
        graphite, a form of carbon, and harmless. The deposit was so pure that it could be sawn into rods. It \#
        was guarded by armed men, and the mine was flooded between one season and the next so that nothing could \#
        be stolen.

        Other countries had to do with less. Graphite from elsewhere came as powder, mixed with other minerals. \#
        In 1795, when France was at war and could buy no English pencils, Nicolas-Jacques Conté found that the \#
        powder could be mixed with clay, formed into rods and fired in a kiln. The more clay, the harder the \#
        pencil and the paler its line. That is still how it is done. The letters on a pencil today tell you how \#
        much: H for hard, B for black, and HB for what lies between.

        The wooden case is made of two halves. A board of cedar gets eight grooves, a rod is laid into each, a \#
        second board with the same grooves is glued on top, and the sandwich is cut into eight pencils. The \#
        yellow paint that so many of them have goes back to one maker in Bohemia, who in 1889 named his best \#
        pencil after a diamond and painted it in a colour that he thought was fit for an emperor.

        ## Exercises

        1. A train leaves at 9:40 and arrives at 12:05. How long does it travel? If it goes 290 kilometres in \#
        that time, what is its average speed?
        2. Three friends share a bill of 57.60. One of them had no dessert and pays 4.50 less than each of the \#
        others. How much does each of them pay?
        3. The sum of two numbers is 41 and their difference is 7. Find them.
        4. A tank holds 600 litres. One tap fills it in 20 minutes, another one in 30. How long does it take \#
        with both of them open?

        Answers: 1. Two hours and 25 minutes; 120 kilometres an hour. 2. The two pay 20.70 each, the third one \#
        16.20. 3. The numbers are 24 and 17. 4. In one minute the first tap fills a twentieth of the tank and \#
        the second one a thirtieth, together a twelfth; so it takes twelve minutes.
        """#
}
