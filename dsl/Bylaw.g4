// The grammar of Bylaw, for ANTLR 4 in SLL mode. The parser (parser.cc) splits
// a file into units before it parses them, so that one broken declaration
// leaves the others alone.
//
// The grammar is wider than the language where people are known to slip: it
// reads chained comparisons, guards in any order, `&&` or a record outside of
// a test, and syntax_tree.cc says what is wrong with them. Spaces are skipped;
// comments go to channels of their own. Words that are not reserved are tokens
// too where the grammar asks for them, and stay usable as names (rule `name`).
//
// Order within the alternatives matters nowhere: there is no ambiguity.
grammar Bylaw;

// --- Units -------------------------------------------------------------------

unit : (moduleLine | importLine | declaration) EOF ;
interpolation : expr EOF ;

moduleLine : MODULE path ;
importLine : IMPORT path ;

declaration
  : vocabulary | entity | typeDecl | extension | action | obligation | def
  | scope | waiver | policy | test | given
  ;

// --- Names -------------------------------------------------------------------

path : name (DOT word)* ;
paths : path (COMMA path)* ;
// A type, maybe with its module.
upperPath : (name DOT)* UPPER ;

// Where reserved words may not stand.
name
  : LOWER | UPPER | soft
  ;
// Where every word may.
word : name | reserved ;

soft
  : ABOVE | ACTION | ADVISORY | AFTER | ALLOWS | APPROVED | AS | ASSERTED | AT
  | BELOW | BY | CLEAR | CONTROL | DEF | DELEGATED | DOES | DROPPED | EMPTY
  | ENTITY | ERROR | EXPECT | EXTEND | FILTER | FROM | GATE | GIVEN | GOVERNS
  | GROUP | IMPORT | INCLUDES | INVERSE | KEPT | MAY | MISSING | MODULE
  | NOTHING | OBLIGATION | OF | ON | ORDERED | OVERRIDE | OVERRIDES | OWNER
  | PERMIT | POLICY | PRESENT | PROPOSES | PROPOSING | REASON | RECHECK
  | REQUESTED | ROOT | ROW | ROWS | SCOPE | SELECTS | SEVERITY | TEST | TICKET
  | TITLE | TRANSITIVE | TREE | TYPE | UNDER | UNTIL | VOCABULARY | WAIVER
  ;
reserved
  : ALLOW | ALL | AND | ANY | BECAUSE | CONTAINS | COUNT | DENY | DROP | ELSE
  | ENDS | FALSE | FIRST | FOR | HAS | HELP | HIDE | IF | IN | IS | KEEP | LET
  | LIKE | MASK | MATCH | MATCHES | MAX | MIN | NO | NOT | OR | OVERLAPS
  | REQUIRE | SATISFY | STARTS | SUM | THEN | TRUE | UNLESS | WHEN | WHERE
  | WITH | WITHIN
  ;

string : STRING | RAW_STRING ;
strings : string+ ;

// --- Schema ------------------------------------------------------------------

vocabulary : VOCABULARY name (ORDERED | TREE)? terms ;
terms : LBRACE (term (COMMA term)* COMMA?)? RBRACE ;
term : word ((ABOVE | BELOW) word)? terms? ;

entity : ENTITY name (IN paths)? attributes ;
attributes : LBRACE attributeList? RBRACE ;
attributeList : attribute (COMMA attribute)* COMMA? ;
attribute : word COLON type marker* ;
marker
  : ASSIGN expr
  | INVERSE word
  | INCLUDES name
  | TRANSITIVE
  | ASSERTED
  ;
type : path (LESS type GREATER)? QUESTION? ;

typeDecl : TYPE name ASSIGN (attributes | PIPE? path (PIPE path)*) ;

extension
  : EXTEND VOCABULARY path terms
  | EXTEND ENTITY path attributes
  | EXTEND ACTION path attributes
  ;

action
  : ACTION GROUP name ASSIGN LBRACE (path (COMMA path)* COMMA?)? RBRACE
  | ACTION GATE? name OF path (AS name)? (BY paths)? (SELECTS path BY path)?
    PROPOSES? attributes?
  ;
obligation : OBLIGATION name (LPAREN attributeList? RPAREN)? ;

def
  : DEF MASK name ASSIGN maskUse
  | DEF name (LPAREN attributeList? RPAREN)? COLON type ASSIGN expr
  ;
maskUse : path arguments? ;

// --- Scopes and waivers ------------------------------------------------------

scope : SCOPE name (ROOT | UNDER name)? LBRACE scopeItem* RBRACE ;
scopeItem
  : OWNER strings
  | GOVERNS path (AS name)? (WHERE expr)?
  | MAY ALLOW paths OF path (AS name)? clause*
  | MAY OVERRIDE paths
  ;

waiver : WAIVER name OF path LBRACE waiverItem* RBRACE ;
waiverItem
  : ON path (AS name)? (WHERE expr)?
  | (REASON | TICKET | REQUESTED | APPROVED) strings
  | FROM expr
  | UNTIL expr
  ;

// --- Policies ----------------------------------------------------------------

policy : POLICY policyHead ruleBlock ;
policyHead : name (OVERRIDES path)? metadata* head ;
metadata
  : (TITLE | OWNER | CONTROL | HELP) strings
  | SEVERITY word
  ;
head
  : ON paths OF path (AS name)? (BY paths (AS name)?)? clause*
  ;
ruleBlock : LBRACE rule_* RBRACE ;

// Which clauses a rule takes, and their order, is checked on the tree.
rule_
  : ALLOW clause*
  | DENY clause*
  | MASK name clause*
  | HIDE name clause*
  | (KEEP | DROP) ROWS name WHERE expr clause*
  | REQUIRE path arguments? clause*
  | LET name ASSIGN expr
  | FOR forHead ruleBlock
  | FIRST ruleBlock
  ;
forHead : generator (COMMA generator)* ;
generator : name IN expr (WHERE expr)? ;
clause
  : WHEN expr
  | UNLESS expr
  | BECAUSE strings
  | HELP strings
  | RECHECK AFTER NUMBER_UNIT
  | WITH maskUse
  ;

// --- Tests -------------------------------------------------------------------

test : TEST string LBRACE testItem* RBRACE ;
testItem : given | testRequest | EXPECT expectation ;
given
  : GIVEN ROWS string LBRACE (fields (COMMA fields)* COMMA?)? RBRACE
  | GIVEN entityValue
  ;
testRequest : WHEN entityValue DOES path ON entityValue requestPart* ;
requestPart
  : PROPOSING fields
  | WITH fields
  | AT expr
  ;
entityValue : upperPath string fields? ;
fields : LBRACE (field (COMMA field)* COMMA?)? RBRACE ;
field : (word | string) COLON expr ;

expectation
  : ALLOW
  | PERMIT
  | DENY (BY path (BECAUSE CONTAINS strings)? | BECAUSE NOTHING ALLOWS)?
  | NOT DENY BY path
  | MASK string WITH maskUse
  | HIDE string
  | CLEAR string
  | ROW fields (KEPT | DROPPED)
  | FILTER string
  | NO FILTER
  | NOT? REQUIRE path arguments?
  | ADVISORY path
  | WAIVER path
  | NOT DELEGATED path
  | ERROR
  | KEEP NUMBER_UNIT
  ;

// --- Expressions, loosest first ----------------------------------------------

expr : conditional | disjunction ;
conditional : IF expr THEN expr ELSE expr ;
disjunction : conjunction ((OR | PIPES) conjunction)* ;
conjunction : negation ((AND | AMPERSANDS) negation)* ;
negation : (NOT | BANG)* comparison ;
comparison : sum comparisonTail* ;
comparisonTail
  : NOT? comparisonOp sum
  | IS NOT? (MISSING | PRESENT | EMPTY | upperPath | LOWER)
  ;
comparisonOp
  : EQUAL | NOT_EQUAL | LESS | LESS_EQUAL | GREATER | GREATER_EQUAL | ASSIGN
  | FOREIGN_EQUALITY | IN | HAS | OVERLAPS | WITHIN | STARTS WITH | ENDS WITH
  | CONTAINS | LIKE | MATCHES
  ;
sum : product ((PLUS | MINUS) product)* ;
product : defaulted ((STAR | SLASH) defaulted)* ;
defaulted : unary (QUESTIONS unary)* ;
unary : MINUS* postfix ;
postfix : primary suffix* ;
suffix
  : DOT UPPER fields
  | DOT word QUESTION?
  | LBRACKET expr RBRACKET QUESTION?
  | arguments
  | string fields?
  ;
primary
  : INT
  | DECIMAL
  | NUMBER_UNIT
  | string
  | TRUE
  | FALSE
  | UPPER fields
  | name
  | LPAREN expr RPAREN
  | braces
  | brackets
  | quantifier
  | matching
  | ALL upperPath
  ;
braces
  : LBRACE RBRACE
  | LBRACE expr (COMMA expr)* COMMA? RBRACE
  | LBRACE field (COMMA field)* COMMA? RBRACE
  ;
brackets : LBRACKET (expr (COMMA expr)* COMMA?)? RBRACKET ;
quantifier
  : (ANY | NO) LPAREN generator RPAREN
  | ALL LPAREN generator SATISFY expr RPAREN
  | COUNT LPAREN generator RPAREN
  | (SUM | MIN | MAX) LPAREN expr FOR generator RPAREN
  ;
// What is matched is no comparison and no record, so that its `{` is the arms'.
matching : MATCH matched (QUESTIONS matched)* LBRACE
    (arm (COMMA arm)* COMMA?)? RBRACE ;
matched
  : (name | LPAREN expr RPAREN | quantifier | matching) matchedSuffix*
  ;
matchedSuffix
  : DOT word QUESTION?
  | LBRACKET expr RBRACKET QUESTION?
  | arguments
  ;
// `else` alone is the default, beside others the term; that a literal is no
// pattern is said on the tree.
arm : pattern (OR pattern)* COLON expr ;
pattern
  : word (DOT word)*
  | MINUS? (INT | DECIMAL | NUMBER_UNIT)
  | string
  ;
arguments : LPAREN (argument (COMMA argument)* COMMA?)? RPAREN ;
argument : (word COLON)? expr ;

// --- Tokens ------------------------------------------------------------------

// Reserved words.
ALL : 'all' ;
ALLOW : 'allow' ;
AND : 'and' ;
ANY : 'any' ;
BECAUSE : 'because' ;
CONTAINS : 'contains' ;
COUNT : 'count' ;
DENY : 'deny' ;
DROP : 'drop' ;
ELSE : 'else' ;
ENDS : 'ends' ;
FALSE : 'false' ;
FIRST : 'first' ;
FOR : 'for' ;
HAS : 'has' ;
HELP : 'help' ;
HIDE : 'hide' ;
IF : 'if' ;
IN : 'in' ;
IS : 'is' ;
KEEP : 'keep' ;
LET : 'let' ;
LIKE : 'like' ;
MASK : 'mask' ;
MATCH : 'match' ;
MATCHES : 'matches' ;
MAX : 'max' ;
MIN : 'min' ;
NO : 'no' ;
NOT : 'not' ;
OR : 'or' ;
OVERLAPS : 'overlaps' ;
REQUIRE : 'require' ;
SATISFY : 'satisfy' ;
STARTS : 'starts' ;
SUM : 'sum' ;
THEN : 'then' ;
TRUE : 'true' ;
UNLESS : 'unless' ;
WHEN : 'when' ;
WHERE : 'where' ;
WITH : 'with' ;
WITHIN : 'within' ;

// Words with a meaning in their place only.
ABOVE : 'above' ;
ACTION : 'action' ;
ADVISORY : 'advisory' ;
AFTER : 'after' ;
ALLOWS : 'allows' ;
APPROVED : 'approved' ;
AS : 'as' ;
ASSERTED : 'asserted' ;
AT : 'at' ;
BELOW : 'below' ;
BY : 'by' ;
CLEAR : 'clear' ;
CONTROL : 'control' ;
DEF : 'def' ;
DELEGATED : 'delegated' ;
DOES : 'does' ;
DROPPED : 'dropped' ;
EMPTY : 'empty' ;
ENTITY : 'entity' ;
ERROR : 'error' ;
EXPECT : 'expect' ;
EXTEND : 'extend' ;
FILTER : 'filter' ;
FROM : 'from' ;
GATE : 'gate' ;
GIVEN : 'given' ;
GOVERNS : 'governs' ;
GROUP : 'group' ;
IMPORT : 'import' ;
INCLUDES : 'includes' ;
INVERSE : 'inverse' ;
KEPT : 'kept' ;
MAY : 'may' ;
MISSING : 'missing' ;
MODULE : 'module' ;
NOTHING : 'nothing' ;
OBLIGATION : 'obligation' ;
OF : 'of' ;
ON : 'on' ;
ORDERED : 'ordered' ;
OVERRIDE : 'override' ;
OVERRIDES : 'overrides' ;
OWNER : 'owner' ;
PERMIT : 'permit' ;
POLICY : 'policy' ;
PRESENT : 'present' ;
PROPOSES : 'proposes' ;
PROPOSING : 'proposing' ;
REASON : 'reason' ;
RECHECK : 'recheck' ;
REQUESTED : 'requested' ;
ROOT : 'root' ;
ROW : 'row' ;
ROWS : 'rows' ;
SCOPE : 'scope' ;
SELECTS : 'selects' ;
SEVERITY : 'severity' ;
TEST : 'test' ;
TICKET : 'ticket' ;
TITLE : 'title' ;
TRANSITIVE : 'transitive' ;
TREE : 'tree' ;
TYPE : 'type' ;
UNDER : 'under' ;
UNTIL : 'until' ;
VOCABULARY : 'vocabulary' ;
WAIVER : 'waiver' ;

LOWER : [a-z_] [A-Za-z0-9_]* ;
UPPER : [A-Z] [A-Za-z0-9_]* ;
// Reported, then read as a name.
BAD_NAME
  : [A-Za-z_] [A-Za-z0-9_]* NOT_ASCII (NOT_ASCII | [A-Za-z0-9_])*
  | NOT_ASCII (NOT_ASCII | [A-Za-z0-9_])*
  ;

INT : [0-9]+ ;
DECIMAL : [0-9]+ '.' [0-9]+ ;
// Durations, periods, and what only looks like them.
NUMBER_UNIT : [0-9]+ [A-Za-z_] [A-Za-z0-9_]* ;
BAD_NUMBER : [0-9]+ '.' [0-9]+ [A-Za-z_] [A-Za-z0-9_]* ;

STRING : '"' (~["\\\r\n] | '\\' ~[\r\n])* '"' ;
RAW_STRING : '`' ~[`\r\n]* '`' ;
// Reported, then read as texts.
OPEN_STRING : '"' (~["\\\r\n] | '\\' ~[\r\n])* '\\'? ;
OPEN_RAW_STRING : '`' ~[`\r\n]* ;
SINGLE_QUOTED : '\'' (~['\\\r\n] | '\\' ~[\r\n])* '\'' ;

LBRACE : '{' ;
RBRACE : '}' ;
LPAREN : '(' ;
RPAREN : ')' ;
LBRACKET : '[' ;
RBRACKET : ']' ;
COMMA : ',' ;
COLON : ':' ;
DOT : '.' ;
QUESTIONS : '??' ;
QUESTION : '?' ;
EQUAL : '==' ;
NOT_EQUAL : '!=' ;
LESS_EQUAL : '<=' ;
GREATER_EQUAL : '>=' ;
LESS : '<' ;
GREATER : '>' ;
ASSIGN : '=' ;
PLUS : '+' ;
MINUS : '-' ;
STAR : '*' ;
SLASH : '/' ;
PIPE : '|' ;
// Other languages' operators, read to be reported.
PIPES : '||' ;
AMPERSANDS : '&&' ;
BANG : '!' ;
FOREIGN_EQUALITY : '===' | '!==' | '<>' ;

DOC_COMMENT : '///' ~[\r\n]* -> channel(2) ;
LINE_COMMENT : '//' ~[\r\n]* -> channel(HIDDEN) ;
BLOCK_COMMENT : '/*' .*? '*/' -> channel(HIDDEN) ;
SPACES : [ \t\r\n]+ -> skip ;
BAD_CHARACTER : . ;

fragment NOT_ASCII : ~[\u0000-\u007F] ;
