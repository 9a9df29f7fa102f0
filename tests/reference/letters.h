// Letters in upper and in lower case as Unicode pairs them, block by block:
// what
// `.lower()` turns, letter for letter. Left out are letters whose pair is
// longer or shorter in UTF-8, or stands in another block (İ, ẞ), and the
// palochka.
#ifndef BYLAW_TESTS_REFERENCE_LETTERS_H_
#define BYLAW_TESTS_REFERENCE_LETTERS_H_

namespace bylaw::reference {

struct Letters {
  const char* upper;
  const char* lower;
};

inline constexpr Letters kLetters[] = {
    // Basic Latin, Latin-1
    {"ABCDEFGHIJKLMNOPQRSTUVWX", "abcdefghijklmnopqrstuvwx"},
    {"YZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕ", "yzàáâãäåæçèéêëìíîïðñòóôõ"},
    {"ÖØÙÚÛÜÝÞ", "öøùúûüýþ"},
    // Latin Extended-A
    {"ĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮ", "āăąćĉċčďđēĕėęěĝğġģĥħĩīĭį"},
    {"ĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢ", "ĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţ"},
    {"ŤŦŨŪŬŮŰŲŴŶŸŹŻŽ", "ťŧũūŭůűųŵŷÿźżž"},
    // Greek
    {"ΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡ", "άέήίόύώαβγδεζηθικλμνξοπρ"},
    {"ΣΤΥΦΧΨΩΪΫ", "στυφχψωϊϋ"},
    // Cyrillic
    {"ЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗ", "ѐёђѓєѕіїјљњћќѝўџабвгдежз"},
    {"ИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ", "ийклмнопрстуфхцчшщъыьэюя"},
    {"ѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖ", "ѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗ"},
    {"ҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӁӃӅӇ", "ҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӂӄӆӈ"},
    {"ӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸ", "ӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹ"},
    {"ӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨ",
     "ӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩ"},
    {"ԪԬԮ", "ԫԭԯ"},
    // Armenian
    {"ԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈ", "աբգդեզէըթժիլխծկհձղճմյնշո"},
    {"ՉՊՋՌՍՎՏՐՑՒՓՔՕՖ", "չպջռսվտրցւփքօֆ"},
    // Latin Extended Additional
    {"ḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦḨḪḬḮ", "ḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯ"},
    {"ḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎṐṒṔṖṘṚṜṞ", "ḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟ"},
    {"ṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎ", "ṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏ"},
    {"ẐẒẔẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈ", "ẑẓẕạảấầẩẫậắằẳẵặẹẻẽếềểễệỉ"},
    {"ỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸ", "ịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ"},
    {"ỺỼỾ", "ỻỽỿ"},
};

}  // namespace bylaw::reference

#endif  // BYLAW_TESTS_REFERENCE_LETTERS_H_
