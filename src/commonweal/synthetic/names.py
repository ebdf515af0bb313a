"""Invented people's names: given names by sex and the decade of birth, surnames by heritage, and pet forms.

Common names drawn from what is ordinary in England; no list here is of particular people.
"""

_BRITISH: dict[tuple[str, int], str] = {
    ("F", 0): """Mary Margaret Doris Dorothy Edna Joan Kathleen Elsie Florence Irene Winifred Hilda Gladys Ethel Vera
        Marjorie Phyllis Ivy Alice Muriel Eileen Nora Edith Lilian Constance Beryl Audrey Joyce Betty Olive""",
    ("F", 1): """Susan Margaret Patricia Christine Jean Maureen Ann Linda Barbara Sheila Brenda Pauline Carol Janet
        Sandra Judith Valerie Jacqueline Elizabeth Kathleen Gillian Marilyn Rosemary Hazel Pamela Lesley Shirley
        Jennifer Lynne Diane""",
    ("F", 2): """Karen Susan Julie Deborah Jacqueline Sharon Alison Tracey Helen Jane Elizabeth Angela Nicola Joanne
        Sarah Lisa Claire Michelle Amanda Samantha Rachel Victoria Catherine Lorraine Dawn Wendy Paula Donna Tina
        Heather Beverley""",
    ("F", 3): """Sarah Laura Gemma Emma Rebecca Claire Victoria Samantha Rachel Amy Jennifer Nicola Katie Lisa Kelly
        Natalie Louise Michelle Hayley Hannah Helen Charlotte Jessica Lauren Stephanie Danielle Sophie Chloe Megan
        Bethany Eleanor Alexandra""",
    ("F", 4): """Olivia Amelia Isla Emily Ava Lily Sophia Isabella Mia Grace Ella Poppy Evie Charlotte Jessica Daisy
        Freya Phoebe Alice Sienna Ruby Scarlett Matilda Rosie Elsie Florence Harriet Martha Imogen Abigail Thea
        Willow""",
    ("M", 0): """John William George Thomas James Albert Ronald Kenneth Frederick Arthur Leslie Stanley Harold Ernest
        Reginald Eric Sidney Norman Walter Cyril Herbert Cecil Percy Douglas Gordon Victor Leonard Jack Edward
        Dennis""",
    ("M", 1): """John David Michael Peter Robert Alan Brian Anthony Barry Roger Keith Terence Raymond Colin Derek
        Malcolm Graham Trevor Geoffrey Roy Stuart Clive Philip Christopher Richard Patrick Gerald Neil Edward
        Maurice""",
    ("M", 2): """David Paul Andrew Mark John Stephen Ian Robert Kevin Gary Martin Simon Nigel Darren Lee Wayne Jason
        Craig Stuart Adrian Timothy Nicholas Jonathan Richard Matthew Philip Carl Dean Neil Shaun Julian""",
    ("M", 3): """Christopher James David Daniel Michael Matthew Andrew Richard Paul Mark Thomas Adam Robert Lee
        Benjamin Steven Jonathan Craig Joseph Ryan Luke Ashley Liam Jack Joshua Samuel Alexander Jordan Callum Nathan
        Kieran Edward""",
    ("M", 4): """Oliver Harry George Noah Jack Jacob Leo Oscar Charlie Alfie Archie Freddie Thomas Henry William
        Theodore Isaac Joshua Ethan Max Logan Lucas Finley Harrison Mason Toby Reuben Elliot Dylan Sebastian Arthur
        Rory""",
}

_ELSEWHERE: dict[tuple[str, str], str] = {
    ("irish", "F"): """Siobhan Aoife Niamh Maeve Roisin Bridget Orla Sinead Ciara Grainne Nuala Deirdre Mairead Una""",
    ("irish", "M"): """Sean Padraig Conor Declan Brendan Eamon Cormac Fergal Ronan Niall Dermot Colm Seamus Donal""",
    ("european", "F"): """Agnieszka Katarzyna Magdalena Joanna Ewa Monika Elena Ioana Andreea Maria Giulia Francesca
        Ana Marta Olga Natalia Zuzana Beata Renata Vesna""",
    ("european", "M"): """Piotr Krzysztof Tomasz Marcin Pawel Andrzej Andrei Mihai Florin Marco Luca Joao Miguel
        Jakub Mateusz Lukasz Stefan Viktor Emil Dragan""",
    ("indian", "F"): """Priya Anjali Sunita Meena Kavita Neha Pooja Rekha Harpreet Manpreet Gurpreet Jaswinder Anita
        Lakshmi Nisha Deepa Sangita Usha Geeta Simran""",
    ("indian", "M"): """Raj Amit Sanjay Vijay Suresh Anil Harpreet Gurdeep Manjit Balwinder Rohan Arjun Kiran Nikhil
        Dinesh Ashok Mohan Sunil Ravi Jagdeep""",
    ("muslim", "F"): """Fatima Aisha Zainab Maryam Khadija Nasreen Shazia Saima Rukhsana Samina Farzana Nadia Hafsa
        Sadia Amina Noor Yasmin Shabana Parveen Tahira""",
    ("muslim", "M"): """Mohammed Ahmed Ali Imran Hassan Hussain Tariq Asif Bilal Usman Yusuf Ibrahim Omar Khalid
        Nadeem Shahid Zahid Faisal Adnan Kashif""",
    ("african", "F"): """Ngozi Chioma Adaeze Funmilayo Abena Akosua Esi Grace Blessing Patience Comfort Tendai Rudo
        Folake Amara Zola Nomsa Hawa Mercy Yetunde""",
    ("african", "M"): """Emeka Chinedu Olumide Babatunde Kwame Kofi Kwabena Emmanuel Tunde Samuel Tendai Tatenda
        Ibrahim Obinna Ikenna Yaw Sipho Moses Abdi Femi""",
    ("chinese", "F"): """Mei Ling Xiu Hui Jing Yan Li Fang Ying Na Wei Qing Lan Hong""",
    ("chinese", "M"): """Wei Jian Ming Chen Hao Jun Feng Lei Tao Yong Kai Bo Cheng Long""",
    ("arab", "F"): """Layla Rania Hala Salma Dina Shirin Parisa Mona Huda Samira Zahra Leila Nour Rana""",
    ("arab", "M"): """Karim Samir Nabil Walid Hadi Reza Farid Amir Tarek Jamal Nasser Ziad Basim Majid""",
}

_SURNAMES: dict[str, str] = {
    "british": """Smith Jones Taylor Brown Williams Wilson Johnson Davies Robinson Wright Thompson Evans Walker White
        Roberts Green Hall Wood Jackson Clarke Harris Lewis Turner Cooper Hill Ward Moore King Watson Baker Harrison
        Morris Morgan Allen James Scott Phillips Lee Parker Bennett Young Price Shaw Cook Bailey Griffiths Richardson
        Collins Cox Marshall Carter Mitchell Adams Wilkinson Ellis Foster Chapman Mason Gray Rogers Webb Hunt Mills
        Holmes Palmer Matthews Gibson Fletcher Knight Barnes Lloyd Butler Russell Barker Stevens Jenkins Fisher
        Dixon Reynolds Fox Gordon Pearson Harvey Ford Andrews Hudson Elliott Walsh Cole Atkinson Burton Hawkins
        Spencer Dawson Bradley Newton Booth Rose Hart Lawson Saunders West Armstrong Sutton Berry Watts Cross Grant
        Nicholson Gardner Bolton Barlow Chadwick Doyle Eyre Frost Gill Hancock Ingram Jarvis Kemp Lambert Marsh
        Naylor Osborne Pickering Quinn Rowley Slater Thorpe Underwood Vickers Wheatley Yates Abbott Bagshaw Cartwright
        Draper Eastwood Fearn Goddard Hallam Ilett Jepson Kirk Leeson Machin Neale Oldham Peat Radford Severn Tansley
        Unwin Voce Wass Allsop Bexon Cutts Disney Elvidge Froggatt Gelsthorpe Haslam Kirkby Lilley Meakin Pegg
        Rawson Shacklock Truswell Whysall Ashmore Beardsley Caunt Dobbs Flint Gaunt Hickling Lowe Mellors Oxley
        Plumb Revill Stubbs Tomlinson Wagstaff""",
    "irish": """Murphy Kelly O'Sullivan Walsh O'Brien Byrne Ryan O'Connor O'Neill O'Reilly Doyle McCarthy Gallagher
        Doherty Kennedy Lynch Murray Quinn Moore McLaughlin Brennan Nolan""",
    "european": """Kowalski Nowak Wisniewski Wojcik Kaminski Lewandowski Zielinski Popescu Ionescu Popa Rossi Ferrari
        Silva Santos Novak Horvat Kovacs Petrov Ivanov Schmidt Müller García Ferreira Jankowski Mazur Krawczyk""",
    "caribbean": """Campbell Brown Williams Francis Reid Gordon Grant Clarke Bailey Morgan Thomas Henry Powell Lewis
        Charles Joseph Palmer Samuels Blake Facey Gayle Bryan""",
    "indian": """Patel Singh Kaur Sharma Shah Gupta Kumar Mistry Desai Mehta Chauhan Joshi Sandhu Gill Dhillon Sidhu
        Grewal Bains Rai Verma Reddy Nair""",
    "muslim": """Khan Ahmed Hussain Ali Begum Mahmood Iqbal Akhtar Malik Shah Mirza Butt Chaudhry Rashid Rehman Bibi
        Aslam Hussein Miah Uddin Islam Rahman Choudhury""",
    "african": """Okafor Adeyemi Okonkwo Mensah Boateng Owusu Asante Nwosu Eze Balogun Moyo Ncube Dube Sithole
        Mutasa Osei Appiah Adebayo Ibrahim Abdi Mohamed Kamara""",
    "chinese": """Wong Chan Li Wang Zhang Chen Liu Lam Cheung Ng Huang Lin Wu Zhou Xu Yang""",
    "arab": """Hassan Haddad Najjar Saleh Mansour Aziz Karimi Hosseini Ahmadi Nasser Khoury Darwish Habib Rahimi""",
}

GIVEN_BRITISH = {key: tuple(value.split()) for key, value in _BRITISH.items()}
GIVEN_ELSEWHERE = {key: tuple(value.split()) for key, value in _ELSEWHERE.items()}
SURNAMES = {key: tuple(value.split()) for key, value in _SURNAMES.items()}

# Names from, by 2001 ethnic category: (given names, surnames); "british" given names go by decade of birth.
HERITAGE: dict[str, tuple[str, str]] = {
    "A": ("british", "british"),
    "B": ("irish", "irish"),
    "C": ("european", "european"),
    "D": ("british", "caribbean"),
    "E": ("british", "african"),
    "F": ("british", "indian"),
    "G": ("british", "british"),
    "H": ("indian", "indian"),
    "J": ("muslim", "muslim"),
    "K": ("muslim", "muslim"),
    "L": ("indian", "muslim"),
    "M": ("british", "caribbean"),
    "N": ("african", "african"),
    "P": ("african", "caribbean"),
    "R": ("chinese", "chinese"),
    "S": ("arab", "arab"),
}

NICKNAMES = dict(
    pair.split(":")
    for pair in [
        "Margaret:Maggie",
        "Dorothy:Dot",
        "Kathleen:Kath",
        "Elizabeth:Liz",
        "Patricia:Pat",
        "Christine:Chris",
        "Susan:Sue",
        "Barbara:Babs",
        "Pauline:Paula",
        "Janet:Jan",
        "Sandra:Sandy",
        "Judith:Judy",
        "Valerie:Val",
        "Jacqueline:Jackie",
        "Gillian:Gill",
        "Rosemary:Rose",
        "Pamela:Pam",
        "Deborah:Debbie",
        "Alison:Ali",
        "Angela:Angie",
        "Nicola:Nicky",
        "Joanne:Jo",
        "Michelle:Shelley",
        "Amanda:Mandy",
        "Samantha:Sam",
        "Rachel:Rach",
        "Victoria:Vicky",
        "Catherine:Cath",
        "Rebecca:Becky",
        "Jennifer:Jenny",
        "Natalie:Nat",
        "Charlotte:Lottie",
        "Jessica:Jess",
        "Stephanie:Steph",
        "Danielle:Dani",
        "Megan:Meg",
        "Bethany:Beth",
        "Eleanor:Ellie",
        "Alexandra:Alex",
        "Olivia:Liv",
        "Amelia:Millie",
        "Isabella:Bella",
        "Florence:Flo",
        "Matilda:Tilly",
        "Harriet:Hattie",
        "Abigail:Abby",
        "William:Bill",
        "Thomas:Tom",
        "James:Jim",
        "Albert:Bert",
        "Ronald:Ron",
        "Kenneth:Ken",
        "Frederick:Fred",
        "Leslie:Les",
        "Stanley:Stan",
        "Harold:Harry",
        "Reginald:Reg",
        "Sidney:Sid",
        "Walter:Wally",
        "Herbert:Bert",
        "Douglas:Doug",
        "Leonard:Len",
        "Edward:Ted",
        "Dennis:Den",
        "David:Dave",
        "Michael:Mick",
        "Peter:Pete",
        "Robert:Bob",
        "Anthony:Tony",
        "Terence:Terry",
        "Raymond:Ray",
        "Geoffrey:Geoff",
        "Philip:Phil",
        "Christopher:Chris",
        "Richard:Dick",
        "Patrick:Paddy",
        "Gerald:Gerry",
        "Andrew:Andy",
        "Stephen:Steve",
        "Steven:Steve",
        "Timothy:Tim",
        "Nicholas:Nick",
        "Jonathan:Jon",
        "Matthew:Matt",
        "Daniel:Dan",
        "Benjamin:Ben",
        "Joseph:Joe",
        "Joshua:Josh",
        "Samuel:Sam",
        "Alexander:Alex",
        "Nathan:Nate",
        "Oliver:Ollie",
        "Oscar:Ozzie",
        "Charlie:Chas",
        "Theodore:Theo",
        "Sebastian:Seb",
        "Elliot:Eli",
        "Harrison:Harry",
        "Katarzyna:Kasia",
        "Magdalena:Magda",
        "Agnieszka:Aga",
        "Krzysztof:Krzys",
        "Mohammed:Mo",
        "Funmilayo:Funmi",
        "Emmanuel:Manny",
        "Babatunde:Tunde",
        "Siobhan:Shiv",
        "Bridget:Bridie",
        "Padraig:Paddy",
        "Declan:Dec",
    ]
)

STREETS = tuple(
    f"{first} {second}"
    for first in [
        "Mill",
        "Church",
        "Station",
        "Victoria",
        "Albert",
        "Park",
        "Manor",
        "Chapel",
        "Priory",
        "Meadow",
        "Orchard",
        "Willow",
        "Chestnut",
        "Sycamore",
        "Beech",
        "Hawthorn",
        "Rectory",
        "Windsor",
        "Castle",
        "Bridge",
        "Canal",
        "Quarry",
        "Colliery",
        "Lime",
        "Poplar",
        "Nursery",
        "Gladstone",
        "Alma",
        "Trent",
        "Abbey",
        "Kingsway",
        "Cavendish",
        "Burns",
        "Byron",
        "Milton",
        "Tennyson",
        "Derwent",
        "Wolds",
        "Heath",
        "Forest",
    ]
    for second in ("Road", "Street", "Lane", "Avenue", "Close", "Drive")
)
