"""English short forms of given names, by the name they come from. Data, one line a name.

A short form may belong to several (``alex``): two names agree when they have an origin in common.
Compiled from common British usage; normalised keys (lower case, no accents or punctuation).
"""

_ORIGINS = """
abdul: abdullah abdulla
abigail: abi abbie gail abby
adam: ad
agnes: aggie nessie
agnieszka: aga
albert: al bert bertie
aleksandra: ola
alexander: alex al xander sandy alec alistair
alexandra: alex lexi sandra sandy alexa
alfred: alf alfie fred freddie
alice: ali allie
alison: ali allie
amanda: mandy
amelia: amy millie milly mia
andrea: andie
andrew: andy drew
angela: angie ange
ann: anne annie nan
anthony: tony ant antony
arthur: art artie
babatunde: tunde
barbara: babs barb
beatrice: bea bee beattie
benjamin: ben benny benji
bernard: bernie
bethany: beth
brendan: bren
bridget: bridie biddy
cameron: cam
caroline: carol carrie caz
catherine: cathy kate katie kathy cath katherine kathryn kath kitty
charles: charlie chas chuck
charlie: chas charles
charlotte: charlie lottie lotte
christina: chris tina chrissie
christine: chris chrissie tina
christopher: chris kit topher
clara: claire clare
clifford: cliff
connor: con
cyril: cy
daniel: dan danny
danielle: dani
david: dave davey dai
deborah: deb debbie debra
declan: dec
dennis: den denny
derek: del
diana: di diane
dominic: dom
donald: don donnie
dorothy: dot dotty dolly dottie
douglas: doug dougie
duncan: dunc
edward: ed eddie ted ned teddy
edwin: ed eddie
eileen: eily
eleanor: ellie nell nora elle
elizabeth: liz beth betty lizzie eliza libby betsy lisa elsie bess
ellen: nell ellie
elliot: eli elliott
emily: em emmy millie
emma: em
emmanuel: manny
eric: rick
ernest: ern ernie
eugene: gene
evelyn: evie eve
fatima: fatema fatimah
florence: flo florrie flossie
frances: fran frankie
francis: frank
frank: frankie
fred: freddie
frederick: fred freddie freddy
funmilayo: funmi
gabriel: gabe
gabrielle: gabby
gareth: gaz
gary: gaz garry
geoffrey: geoff jeff jeffrey
george: georgie
georgina: georgie gina
gerald: gerry jerry
gillian: gill jill
gordon: gordie
grace: gracie
graham: graeme
gregory: greg gregor
gwendoline: gwen gwenda
harold: harry hal
harriet: hattie harri
harrison: harry
hassan: hasan
helen: nell ellie
henry: harry hal hank
herbert: bert herb herbie
hilary: hils
hussain: hussein husain
ian: iain
isaac: zac ike
isabel: bel issy isobel isabella bella izzy
isabella: bella izzy issy isla
jacob: jake
jacqueline: jackie jacqui
james: jim jimmy jamie jem
jane: janie
janet: jan
jasmine: jas jaz
jason: jay
jean: jeannie
jennifer: jen jenny jenn
jeremy: jerry jez
jessica: jess jessie
joan: joanie
joanna: jo anna
joanne: jo
john: jack johnny jon
jonathan: jon jonny johnny
joseph: joe joey
josephine: jo josie
joshua: josh
joyce: joy
judith: judy jude
julia: julie jules
julian: jules
katarzyna: kasia
katherine: kate katie kathy kath catherine kathryn kitty kat
kathleen: kath kathy kate kay
keith: kei
kenneth: ken kenny
kimberley: kim
krzysztof: krzys chris
lauren: laurie loz
laurence: larry laurie lawrence
lawrence: larry laurie
leonard: len lenny leo
lesley: les
leslie: les
lewis: lou louis lew
lilian: lily lil lillian
linda: lin lynn
lorraine: lol
louis: lou louie
louise: lou
lucy: lu luce
lydia: lyddie
magdalena: magda maggie
malcolm: mal malc
malgorzata: gosia
margaret: maggie meg peggy madge marge margie greta daisy rita
maria: ria
marjorie: marge margie
martin: marty
mary: molly polly may mamie moll
matilda: tilly mattie
matthew: matt matty mat
maureen: mo
maurice: mo
maximilian: max
maxwell: max
megan: meg
melanie: mel
melissa: mel lissa
michael: mick mike mickey micky mikey
michelle: shell shelley
mildred: millie
millicent: millie
mohamed: mo mohammed muhammad mohammad
mohammed: mo mohammad muhammad mohamed muhammed mohd mohamad
morgan: mo
muhammad: mo mohammed mohammad mohamed muhammed
natalie: nat
natasha: tasha
nathan: nate nat
nathaniel: nat nate nathan
neil: neal
nicholas: nick nicky nicolas
nicola: nicky nikki
nigel: nige
norman: norm
olive: ollie
oliver: ollie olly
olivia: liv livvy ollie
oluwaseun: seun
oscar: oz ozzie
padraig: paddy pat
pamela: pam
patricia: pat trish tricia patsy patty
patrick: pat paddy
paula: paulie
pauline: polly paula
peter: pete
philip: phil pip phillip
philippa: pip pippa
phyllis: phyl
piotr: piotrek
priscilla: cilla
rachel: rach rae
raymond: ray
rebecca: becky becca bex
reginald: reg reggie
richard: dick rick richie ricky rich dickie
robert: bob rob bobby robbie bert
roberta: bobbie
roger: rodge
ronald: ron ronnie
rose: rosie
rosemary: rose rosie
rupert: ru
ruth: ruthie
sally: sal
samantha: sam sammy
samuel: sam sammy
sandra: sandy
sara: sarah
sarah: sally sadie
sebastian: seb
sharon: shaz
sheila: sheelagh
sidney: sid sydney
simon: si
siobhan: shiv
sophia: sophie
sophie: soph
stanley: stan
stephanie: steph stevie
stephen: steve steven ste stevie
steven: steve ste stephen
stuart: stu stewart
susan: sue susie suzie
suzanne: sue suzie
sylvia: syl
terence: terry tel
teresa: terry tess theresa tessa
theodore: ted theo teddy
theresa: terry tess tessa
thomas: tom tommy
timothy: tim timmy
tobias: toby
tomasz: tomek
tracey: trace
trevor: trev
valerie: val
vera: vee
veronica: ronnie vera
victor: vic
victoria: vicky vicki tori vic vikki
vincent: vince vinnie
violet: vi
vivienne: viv
walter: wally walt wal
wendy: wend
wilfred: wilf fred
william: bill will billy liam willie
winifred: winnie win
yusuf: yousef youssef yousuf
yvonne: eve
zachary: zac zach zak
zofia: zosia sophie
"""


def _by_name() -> dict[str, frozenset[str]]:
    origins: dict[str, set[str]] = {}
    for line in _ORIGINS.strip().splitlines():
        origin, _, forms = line.partition(":")
        for form in (origin, *forms.split()):
            origins.setdefault(form, set()).add(origin)
    return {form: frozenset(names) for form, names in origins.items()}


_BY_NAME = _by_name()


def origins(given_key: str) -> frozenset[str]:
    """The full names ``given_key`` may be short for, itself included; empty for an empty key."""
    return _BY_NAME.get(given_key, frozenset()) | {given_key} if given_key else frozenset()
