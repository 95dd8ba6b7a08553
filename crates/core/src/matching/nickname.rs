//! Short forms and spellings of given names that are one name.

use std::collections::HashMap;
use std::sync::OnceLock;

/// Each line is one name: its formal forms, short forms and transliterations, folded.
const GROUPS: &[&str] = &[
    "abdullah abdallah abdoullah abdulla",
    "abdelrahman abdurrahman abderrahman abdulrahman",
    "adriaan adrianus ad adri arie adrian",
    "agnieszka aga",
    "ahmed ahmad achmed ahmet achmad",
    "albert albertus bert bertus ab appie al",
    "aleksander alexander alex lex sander aleksandr sasha alec xander olek alejandro alexandre",
    "aleksandra alexandra sandra ola sasha alex alejandra",
    "alfred fred alf freddy",
    "ali aly",
    "andreas andre andrew andrzej andries andy drew andrea andres",
    "angelique angela angelina angie",
    "anna ann anne anneke anja anita ania ana annie hanna hannah",
    "anthony antonius antoon ton toon tony anton toni antonio antoine teun theun tonnie",
    "antonia toos tonia tonny antonie",
    "arnold arnoldus nol arnoud arnaud arno",
    "barbara basia babs barb",
    "bartholomeus bart bartosz bartlomiej bartek",
    "benjamin ben benny beniamin benji",
    "bernard bernardus ben bernd bernhard berend bernie barend",
    "bastiaan sebastiaan bas sebastian",
    "carolina caroline carla lien karolina carol",
    "catharina cathy trijn toos katharina kathrin katrin katarzyna kasia catherine katherine kate katie kathy karin karen cato catalina katja ekaterina",
    "charles karel carl karl carlos charlie chuck carel karol",
    "christiaan christian chris kris krystian christianus",
    "christina christine tina stien krystyna chris christel",
    "christopher christoph christophe krzysztof chris kit christoffel stoffel toph cristobal",
    "cornelis cor cees kees nelis neel",
    "cornelia corrie cora nel nelleke cokky",
    "daniel dan danny daan",
    "david dave davy dawid",
    "dirk dirck diederik derk",
    "dorothea dorothee thea dora dorota doortje dorothy",
    "edward eduard ed eddy ted edwin eddie edouard eduardo",
    "elisabeth elizabeth els elly betty liesbeth lisa liz beth bep elsbeth ilse elzbieta ela isabel isabella elise lies betsy eliza",
    "emmanuel manuel emanuel manu manolo",
    "eva eveline ewa",
    "everhardus everard evert eef",
    "fatima fatma fatema fatimah",
    "ferdinand fer ferdi",
    "francis franciscus frans frank francisco paco franz francois frankie pancho franciszek fran ciska curro",
    "francisca ciska francien franziska franca francesca paca cisca sien",
    "frederik fred frits freek friedrich fritz frederick freddy federico",
    "gabriel gabi gabriele gabe",
    "george georgius joris georg jerzy jorge sjors georges",
    "gerard gerardus gerrit geert ger gerhard gerd gerry gerardo gert",
    "gertrudis geertruida truus gerda trudy gertrud geertje",
    "gijsbert gijsbertus gijs bert",
    "gregory gregor greg grzegorz",
    "guillermo william willem wilhelm wilhelmus wim bill will willy billy guillaume wil liam wiliam",
    "wilhelmina wil mina willy willemijn mien wilma",
    "gustaaf gustav gus guus august augustinus",
    "hans johann johannes johan jan john hannes joannes joop jo ivan juan jean joao janusz jannes hansje giovanni ian sean jens",
    "johanna joke jo jopie hanneke janna hanna joanna asia jeanne jana joan janneke",
    "hassan hasan hassane",
    "helena helene helen lena leny elena ellen heleen hella helga halina",
    "hendrik henk henri henry heinrich hein rik harry hendricus enrique henryk hendrikus heiko",
    "hendrika rika riek henny hendrina",
    "herman hermanus herm manus hermann",
    "hubert hubertus huub bert hub",
    "hussein husain hussain huseyin hossein houcine hossain",
    "ibrahim ebrahim brahim abraham bram abe ab",
    "ignacio nacho ignatius ignace ignacy",
    "jacob jakob jaap jacobus jakub ko jake jacques james diego santiago jim jimmy kuba sjaak yakub koos",
    "jacoba coba jacqueline",
    "jennifer jen jenny",
    "jesus chus",
    "joachim jochem achim joaquin",
    "jose joseph jozef josef pepe joe sjef jos yusuf youssef yousef jusuf youssouf josephus yussuf yousuf",
    "josefa josephine josefien pepa jozefina josee fien fientje josefina",
    "jonathan jon jonny",
    "jurgen juergen jurriaan jorgen",
    "joshua josh",
    "karim kareem",
    "khadija khadijah kadija hatice chadija",
    "khalid khaled halit",
    "klaas nicolaas nico nicholas nick niklaus mikolaj nicolas nikolaus claus klaus nikolaas nicola nicolaos",
    "laurens lars lawrence larry laurent lourens laurentius rens lorenz lorenzo wawrzyniec",
    "leendert leonardus leo len leon leonard",
    "lodewijk louis luis ludwig luigi lewis lou ludovic lowie",
    "louisa louise luisa loes",
    "lucas luuk luc lukas luca lukasz luke",
    "magdalena magda leentje madeleine lena magdalene",
    "malgorzata margaretha margaret margriet greet gosia griet marga margot greta gretchen maggie meg peggy margarita grietje marguerite rita",
    "maarten martinus martin tinus marcin maarten martijn marten",
    "marcus mark marco marek marc marcos markus",
    "maria marie mary mieke ria marijke mia riet maryam mariam mirjam miriam maryem meryem maruja mies",
    "marianne marjan marion marian",
    "matthew matthijs mathias matthias thijs mateusz matt ties matheus matteo mateo mathieu matthieu thies",
    "mehmet mohammed mohamed muhammad mohammad mohamad muhammed muhamed mahomed mahamed mo muhamad mohd",
    "mercedes merche",
    "michael michel michiel mike michal mick miguel mikael maikel mikhail giel micky",
    "monica monika monique",
    "mustafa mostafa moustafa mustapha mostapha",
    "olga ola",
    "omar umar omer oumar",
    "osman othman uthman ousmane",
    "patricia pat trish patty patrycja",
    "patrick pat paddy patryk patricio",
    "paul paulus pawel pablo paolo pol",
    "peter petrus piet pieter pierre piotr pedro pete per pyotr peer",
    "petronella nel petra nelly ella",
    "philip filip phil flip philippe felipe filippo philipp",
    "rachid rashid rasheed rasit",
    "rafael rafal raphael rafa raf",
    "rebecca becky rebekka",
    "reinhard reinier rein reinhardt",
    "richard rick dick rik ricardo ryszard richie ricky riccardo",
    "robert rob robbert bob bert bobby roberto robin",
    "roelof roel rudolf rolf rudi ruud rudy",
    "ronald ron ronny ronnie",
    "rosa rose roos rosie rosalie",
    "said saeed sayed saied",
    "samuel sam sammy",
    "sara sarah",
    "sergio serge sergei sergey siergiej",
    "simon siem szymon simeon",
    "sofia sophie sophia zofia fie fieke",
    "stanislaw staszek stanislav stan",
    "stephen steven stefan stephan steve etienne esteban szczepan stefanus stef",
    "stephanie stefanie steffie",
    "susanna suzanne susan sanne suus suzan susana zuzanna susanne",
    "teresa theresia trees therese tess theresa thera terry",
    "theodor theodorus theo dorus theodoor ted fyodor",
    "thomas tom tomasz tommy tomas thom",
    "timothy tim timotheus timo",
    "tobias toby tobiasz",
    "ursula uschi ulla",
    "valentina valentine",
    "veronica veronika weronika vera",
    "victor viktor vic wiktor",
    "vincent vincentius vince vicente",
    "walter wouter walt wolter",
    "wladyslaw vladislav ladislav ladislaus",
    "wojciech wojtek adalbert",
    "wolfgang wolf",
    "yasmin jasmijn yasmine jasmine yasemin jasmin",
    "zacharias zachary zach zack",
];

/// The groups that a folded word belongs to, as numbers. A short form may belong to several.
pub(crate) fn groups_of(word: &str) -> &'static [u16] {
    if word.is_empty() {
        return &[];
    }
    table().get(word).map_or(&[], Vec::as_slice)
}

/// Word to groups. Built once; a constant in all but name. Asked for one word at a time, millions of
/// times, and never walked through, so that the order of a hash map cannot show.
fn table() -> &'static HashMap<&'static str, Vec<u16>> {
    static TABLE: OnceLock<HashMap<&'static str, Vec<u16>>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table: HashMap<&'static str, Vec<u16>> = HashMap::new();
        for (number, group) in (0u16..).zip(GROUPS) {
            for word in group.split(' ') {
                let groups = table.entry(word).or_default();
                if !groups.contains(&number) {
                    groups.push(number);
                }
            }
        }
        table
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_form_meets_its_formal_name() {
        let meets = |a: &str, b: &str| groups_of(a).iter().any(|g| groups_of(b).contains(g));
        assert!(meets("bert", "albertus"));
        assert!(meets("mohamed", "muhammad"));
        assert!(meets("gosia", "malgorzata"));
        assert!(!meets("jan", "piet"));
    }
}
