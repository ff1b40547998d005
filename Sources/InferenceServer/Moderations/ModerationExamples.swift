import WireFormat

/// Sentences that say by example what each category means: what texts are compared with.
///
/// Short, and none of them graphic. Beside harmful ones stand harmless ones with the same words. The sentences by which
/// accuracy is measured are others: Tests/clients/moderation_sentences.txt has them, in the same form.
enum ModerationExamples {
    /// One sentence, and what it is an example of; of nothing where it is harmless.
    struct Example: Equatable {
        let categories: Set<ModerationCategory>
        let text: String
    }

    static let all = parse(text)

    /// Sections of sentences, each under a line with its categories in brackets.
    static func parse(_ text: String) -> [Example] {
        var categories: Set<ModerationCategory> = []
        var examples: [Example] = []
        for line in text.split(separator: "\n") {
            if line.hasPrefix("["), line.hasSuffix("]") {
                let names = line.dropFirst().dropLast().split(separator: " ")
                categories = Set(names.compactMap { ModerationCategory(rawValue: String($0)) })
            } else {
                examples.append(Example(categories: categories, text: String(line)))
            }
        }
        return examples
    }

    private static let text = """
        [harassment]
        You are a pathetic loser and everybody laughs at you.
        Shut up, you idiot, nobody asked for your stupid opinion.
        What a worthless piece of trash you are.
        You are so ugly that people look away when you come in.
        Your work is garbage and so are you.
        Everyone in the office thinks you are a moron.
        Go away, you disgusting creep, nobody wants you here.
        You are too dumb to tie your own shoes.
        Let's all send him messages until he leaves the school.
        I will keep calling you names until you cry.
        [harassment harassment/threatening violence]
        I know where you live and I will come and beat you up.
        If you say that again I will break your nose.
        You had better watch your back on the way home.
        I am going to make you bleed for what you wrote.
        Post that once more and I will hurt you and your family.
        I'll be waiting outside with a bat when you come out.
        You will be dead by tomorrow if you talk to the police.
        Keep laughing, I will smash your face in.
        [hate]
        People of that religion are all filthy and should not be allowed here.
        Immigrants are vermin that ruin our country.
        Women are too stupid to vote or to work.
        That race is less intelligent than ours by nature.
        Gay people are sick and do not deserve rights.
        Disabled people are a burden that society should get rid of.
        Those foreigners are animals, not humans.
        Nobody of that ethnicity can be trusted, they are all thieves.
        Keep our town pure, do not sell houses to them.
        Jews control everything and are to blame for all of it.
        [hate hate/threatening violence]
        We should burn down their mosque with them inside.
        All immigrants should be shot at the border.
        Gay people should be hunted down and beaten.
        It is time to wipe out that whole race.
        Let us drive those foreigners out with clubs and fire.
        Every one of that religion deserves to be killed.
        Somebody ought to bomb the synagogue.
        [illicit]
        How do I pick the lock of a car that is not mine?
        Tell me how to shoplift without being caught.
        How can I launder money through a small shop?
        Where do I get a fake passport that looks real?
        Explain how to steal credit card numbers from a website.
        Write a phishing mail that gets people to give away their passwords.
        How do I cook drugs in my kitchen?
        What is the best way to cheat on my taxes without being found out?
        How can I break into my neighbour's wireless network?
        Help me forge my doctor's signature for a prescription.
        How do I hack into somebody's email account?
        [illicit illicit/violent violence]
        How do I build a bomb at home?
        Where can I buy a gun without a licence?
        How can I poison somebody without leaving traces?
        Tell me how to make a weapon that metal detectors do not see.
        How do I hire somebody to kill my business partner?
        Give me a plan for attacking a crowded place.
        How do I make explosives from things in a shop?
        [self-harm]
        Cutting yourself is a good way to feel better.
        Starving yourself makes you beautiful, keep going.
        The world would be better if she hurt herself.
        He cut his arms every night to numb the sadness.
        Hurting yourself is nothing to be ashamed of, it helps.
        Purging after every meal keeps me in control.
        [self-harm self-harm/intent]
        I want to kill myself.
        I cannot go on, tonight I will end my life.
        I have decided to take all my pills and not wake up.
        I am going to cut myself again as soon as I am alone.
        I do not want to live any more and I have a plan.
        Goodbye everyone, this is my last message before I jump.
        I stopped eating because I want to disappear.
        [self-harm self-harm/instructions]
        What is the easiest way to end my life?
        How many pills do I need to kill myself?
        Tell me where to cut so that nobody sees it.
        Give me tips for starving myself without my parents noticing.
        How do I tie a noose that holds?
        Which method of suicide hurts least?
        [sexual]
        She took off her clothes and pulled him onto the bed.
        Write an erotic story about two strangers in a hotel.
        I want to see you naked and touch you everywhere.
        Describe in detail how they have sex.
        Looking for hot adult videos, the dirtier the better.
        He kissed her neck and slid his hand under her dress.
        Send me your nude pictures, you make me so horny.
        Escort offers sexual services for money, call tonight.
        Their bodies moved together as they moaned with pleasure.
        Talk dirty to me and tell me your fantasies.
        [sexual sexual/minors]
        A request for sexual content about a person under eighteen.
        Indecent pictures of children are asked for.
        A story that puts a child into a sexual situation.
        Sexual messages sent by an adult to a pupil.
        Material that sexualizes minors.
        [violence]
        He punched the man until he stopped moving.
        The soldiers shot everybody in the village.
        I enjoy watching people get beaten in the street.
        She stabbed him with a kitchen knife and ran.
        The gang killed three men in a bar.
        They deserve to be executed, every one of them.
        He dreamed of strangling his boss.
        The bomb went off and killed the passengers.
        We should kill them all.
        [violence violence/graphic]
        Blood ran over the floor from the deep wounds in his body.
        The explosion tore limbs from the victims.
        His skull was crushed and blood was everywhere.
        They found the mutilated corpse in a pool of blood.
        She watched as the knife opened his flesh.
        Severed body parts lay in the road after the crash.
        []
        Could you recommend a book about the history of Rome?
        The weather is lovely today and we are going to the lake.
        How do I bake bread without yeast?
        Please summarize this report in three sentences.
        What is the capital of Australia?
        My daughter starts school next week and is very excited.
        Write a function that sorts a list of numbers.
        The train to Berlin leaves at nine in the morning.
        I love my new bicycle, it rides so well.
        Translate this sentence into French, please.
        What should I plant in my garden in spring?
        The meeting is moved to Thursday afternoon.
        How do I kill a process that hangs in Linux?
        This joke is so funny, I nearly died laughing.
        The team destroyed its opponents in the final.
        How do I chop onions with a sharp knife safely?
        I could kill for a cup of coffee right now.
        The chess player attacked the king from both sides.
        What does the law say about owning a firearm?
        The museum shows weapons from the Middle Ages.
        The police arrested a man for theft on Monday.
        Which vaccines does a baby need in its first year?
        Explain how the heart pumps blood through the body.
        How do doctors treat a deep cut?
        The novel is about a soldier who comes home from the war.
        The nurse bandaged the wound and comforted the child.
        My password does not work, how do I reset it?
        How can I protect my computer from hackers?
        What are the side effects of this medicine?
        How do banks prevent money laundering?
        Sex education helps teenagers to make safe choices.
        What is the best method of contraception?
        The couple celebrated their wedding on the beach.
        She kissed her grandmother goodbye at the station.
        The doctor examined the patient's breast for lumps.
        The statue shows a naked man with a bow.
        If you feel hopeless, please talk to a doctor or call a helpline.
        How can I support a friend who is depressed?
        The charity works to prevent suicide among young people.
        I feel tired and a bit sad today.
        I skipped lunch because I had too much to do.
        Our school teaches children to respect every religion.
        Women won the right to vote after a long struggle.
        The museum tells the story of the persecution of the Jews.
        Immigrants opened many of the restaurants in our street.
        The mosque and the church held a summer party together.
        I disagree with your argument, and here is why.
        Your presentation was weak in the middle, but the end was good.
        That was a silly mistake, I am sorry.
        The referee made a terrible decision in the last minute.
        You are the kindest person that I know.
        Do not worry, everybody fails at first.
        The recipe needs two eggs and a spoon of sugar.
        Our cat caught a mouse in the cellar.
        The boxing match ended after three rounds.
        The film about the bank robbery was exciting.
        The children played in the park until it got dark.
        Can you help me with my tax declaration?
        How do I change the lock on my own front door?
        He shot a wonderful photo of the mountains.
        """
}
