#include "dsl/dump.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace bylaw {
namespace {

using ast::Expr;
using ast::ExprKind;

std::string Quote(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += c;
    }
  }
  return out + "\"";
}

class ExprDumper {
 public:
  std::string text;

  void Add(const Expr& e) {
    switch (e.kind) {
      case ExprKind::kBool:
        text += e.bool_value ? "true" : "false";
        break;
      case ExprKind::kInt:
      case ExprKind::kDecimal:
      case ExprKind::kDuration:
      case ExprKind::kPeriod:
        text += e.text;
        break;
      case ExprKind::kString:
        text += Quote(e.text);
        break;
      case ExprKind::kText:
        text += "(text";
        for (const ast::TextPart& part : e.parts) {
          text += ' ';
          if (part.expr != nullptr) {
            text += "{";
            Add(*part.expr);
            text += "}";
          } else {
            text += Quote(part.text);
          }
        }
        text += ')';
        break;
      case ExprKind::kName:
        text += e.name.text;
        break;
      case ExprKind::kMember:
        Open(e.asked ? ".?" : ".");
        Add(*e.operands[0]);
        absl::StrAppend(&text, " ", e.name.text, ")");
        break;
      case ExprKind::kIndex:
        Nodes(e.asked ? "[]?" : "[]", e.operands);
        break;
      case ExprKind::kCall:
        Open("call");
        Add(*e.operands[0]);
        Arguments(e.arguments);
        text += ')';
        break;
      case ExprKind::kUnary:
        Nodes(e.op == ast::Op::kNegate ? "neg" : "not", e.operands);
        break;
      case ExprKind::kBinary:
        Nodes(ast::OpText(e.op), e.operands);
        break;
      case ExprKind::kIsMissing:
        Nodes("is missing", e.operands);
        break;
      case ExprKind::kIsPresent:
        Nodes("is present", e.operands);
        break;
      case ExprKind::kIsEmpty:
        Nodes("is empty", e.operands);
        break;
      case ExprKind::kIsType:
        Nodes(absl::StrCat("is ", e.path.Text()), e.operands);
        break;
      case ExprKind::kQuantifier:
        absl::StrAppend(&text, "(", ast::OpText(e.op), " ", e.name.text,
                        " in ");
        Add(*e.operands[0]);
        if (e.operands[1] != nullptr) {
          text += " where ";
          Add(*e.operands[1]);
        }
        if (e.operands[2] != nullptr) {
          text += e.op == ast::Op::kAll ? " satisfy " : " of ";
          Add(*e.operands[2]);
        }
        text += ')';
        break;
      case ExprKind::kIf:
        Nodes("if", e.operands);
        break;
      case ExprKind::kMatch:
        Open("match");
        Add(*e.operands[0]);
        for (const ast::MatchArm& arm : e.arms) {
          text += " (";
          if (arm.is_else) text += "else";
          for (size_t i = 0; i < arm.patterns.size(); ++i) {
            absl::StrAppend(&text, i > 0 ? " or " : "", arm.patterns[i].Text());
          }
          text += ": ";
          Add(*arm.value);
          text += ')';
        }
        text += ')';
        break;
      case ExprKind::kSet:
        Nodes("set", e.operands);
        break;
      case ExprKind::kList:
        Nodes("list", e.operands);
        break;
      case ExprKind::kMap:
        text += "(map";
        Fields(e.fields);
        text += ')';
        break;
      case ExprKind::kEntity:
        absl::StrAppend(&text, "(entity ", e.path.Text(), " ", Quote(e.text));
        if (e.has_body) Fields(e.fields);
        text += ')';
        break;
      case ExprKind::kRecord:
        absl::StrAppend(&text, "(record ", e.path.Text());
        Fields(e.fields);
        text += ')';
        break;
      case ExprKind::kAllOf:
        absl::StrAppend(&text, "(all ", e.path.Text(), ")");
        break;
    }
  }

  void Arguments(const std::vector<ast::Argument>& arguments) {
    for (const ast::Argument& argument : arguments) {
      text += ' ';
      if (argument.name) absl::StrAppend(&text, argument.name.text, ": ");
      Add(*argument.value);
    }
  }

  void Fields(const std::vector<ast::Field>& fields) {
    for (const ast::Field& field : fields) {
      absl::StrAppend(&text, " ",
                      field.quoted ? Quote(field.key.text) : field.key.text,
                      ": ");
      Add(*field.value);
    }
  }

 private:
  void Open(std::string_view head) {
    text += '(';
    text += head;
    text += ' ';
  }
  void Nodes(std::string_view head, const std::vector<ast::ExprPtr>& nodes) {
    text += '(';
    text += head;
    for (const ast::ExprPtr& node : nodes) {
      text += ' ';
      Add(*node);
    }
    text += ')';
  }
};

std::string Join(const std::vector<ast::Path>& paths) {
  std::string out;
  for (const ast::Path& path : paths) {
    absl::StrAppend(&out, out.empty() ? "" : ", ", path.Text());
  }
  return out;
}

std::string TypeText(const ast::TypeRef& type) {
  std::string out = type.name.Text();
  if (type.element != nullptr) {
    absl::StrAppend(&out, "<", TypeText(*type.element), ">");
  }
  return type.optional ? out + "?" : out;
}

std::string ArgumentsText(const std::vector<ast::Argument>& arguments) {
  ExprDumper dumper;
  dumper.Arguments(arguments);
  return dumper.text;
}

std::string MaskText(const ast::MaskUse& mask) {
  return absl::StrCat("(", mask.name.Text(), ArgumentsText(mask.arguments),
                      ")");
}

std::string FieldsText(const std::vector<ast::Field>& fields) {
  ExprDumper dumper;
  dumper.Fields(fields);
  return absl::StrCat("{", dumper.text, " }");
}

std::string AttributeText(const ast::Attribute& a) {
  std::string out = absl::StrCat(a.name.text, ": ", TypeText(a.type));
  if (a.default_value != nullptr) {
    absl::StrAppend(&out, " = ", DumpExpr(*a.default_value));
  }
  if (a.inverse) absl::StrAppend(&out, " inverse ", a.inverse.text);
  if (a.includes) absl::StrAppend(&out, " includes ", a.includes.text);
  if (a.transitive) out += " transitive";
  if (a.asserted) out += " asserted";
  return out;
}

class FileDumper {
 public:
  std::string Run(const ast::File& file) {
    Doc(file.doc);
    Line("module ", file.module.Text());
    for (const ast::Import& import : file.imports) {
      Line("import ", import.module.Text());
    }
    // Declarations are printed in the order of the text.
    std::vector<std::pair<uint32_t, std::function<void()>>> parts;
    auto collect = [this, &parts](const auto& list) {
      for (const auto& each : list) {
        parts.emplace_back(each.span.begin, [this, &each] { Add(each); });
      }
    };
    collect(file.vocabularies);
    collect(file.entities);
    collect(file.records);
    collect(file.unions);
    collect(file.actions);
    collect(file.groups);
    collect(file.obligations);
    collect(file.defs);
    collect(file.masks);
    collect(file.scopes);
    collect(file.policies);
    collect(file.waivers);
    collect(file.givens);
    collect(file.tests);
    std::stable_sort(
        parts.begin(), parts.end(),
        [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& part : parts) part.second();
    return std::move(out_);
  }

 private:
  template <typename... Args>
  void Line(const Args&... args) {
    absl::StrAppend(&out_, std::string(2 * static_cast<size_t>(depth_), ' '),
                    args..., "\n");
  }
  void Doc(const std::string& doc) {
    if (!doc.empty()) Line("doc ", Quote(doc));
  }
  void Guards(const ast::ExprPtr& when, const ast::ExprPtr& unless) {
    if (when != nullptr) Line("when ", DumpExpr(*when));
    if (unless != nullptr) Line("unless ", DumpExpr(*unless));
  }
  void TextLine(const char* what, const ast::Text& text) {
    if (text) Line(what, " ", Quote(text.value));
  }
  void Attributes(const std::vector<ast::Attribute>& attributes) {
    ++depth_;
    for (const ast::Attribute& attribute : attributes) {
      Doc(attribute.doc);
      Line(AttributeText(attribute));
    }
    --depth_;
  }
  void Terms(const std::vector<ast::Term>& terms) {
    ++depth_;
    for (const ast::Term& term : terms) {
      Doc(term.doc);
      Line(term.name.text,
           term.place == ast::Term::Place::kNone    ? ""
           : term.place == ast::Term::Place::kAbove ? " above "
                                                    : " below ",
           term.anchor.text);
      Terms(term.children);
    }
    --depth_;
  }

  void Add(const ast::Vocabulary& v) {
    Doc(v.doc);
    Line(v.extends ? "extend " : "", "vocabulary ", v.name.Text(),
         v.kind == ast::Vocabulary::Kind::kOrdered ? " ordered"
         : v.kind == ast::Vocabulary::Kind::kTree  ? " tree"
                                                   : "");
    Terms(v.terms);
  }
  void Add(const ast::Entity& e) {
    Doc(e.doc);
    Line(e.extends ? "extend " : "", "entity ", e.name.Text(),
         e.parents.empty() ? "" : " in ", Join(e.parents));
    Attributes(e.attributes);
  }
  void Add(const ast::RecordType& r) {
    Doc(r.doc);
    Line("record ", r.name.text);
    Attributes(r.attributes);
  }
  void Add(const ast::UnionType& u) {
    Doc(u.doc);
    Line("union ", u.name.text, " = ", Join(u.members));
  }
  void Add(const ast::Action& a) {
    Doc(a.doc);
    if (a.extends) {
      Line("extend action ", a.name.Text());
    } else {
      Line("action ", a.gate ? "gate " : "", a.name.Text(), " of ",
           a.resource.Text(), a.resource_name ? " as " : "",
           a.resource_name.text, a.subjects.empty() ? "" : " by ",
           Join(a.subjects), a.selects ? " selects " : "", a.selects.Text(),
           a.selects_by ? " by " : "", a.selects_by.Text(),
           a.proposes ? " proposes" : "");
    }
    Attributes(a.parameters);
  }
  void Add(const ast::ActionGroup& g) {
    Doc(g.doc);
    Line("action group ", g.name.text, " = ", Join(g.actions));
  }
  void Add(const ast::Obligation& o) {
    Doc(o.doc);
    Line("obligation ", o.name.text);
    Attributes(o.parameters);
  }
  void Add(const ast::Def& d) {
    Doc(d.doc);
    Line(d.is_constant ? "constant " : "function ", d.name.text, ": ",
         TypeText(d.type));
    Attributes(d.parameters);
    ++depth_;
    Line("= ", DumpExpr(*d.value));
    --depth_;
  }
  void Add(const ast::MaskDef& m) {
    Doc(m.doc);
    Line("mask ", m.name.text, " = ", MaskText(m.mask));
  }
  void Add(const ast::Scope& s) {
    Doc(s.doc);
    Line("scope ", s.name.text, s.root ? " root" : "",
         s.parent ? " under " : "", s.parent.text);
    ++depth_;
    TextLine("owner", s.owner);
    for (const ast::Governs& g : s.governs) {
      Line("governs ", g.type.Text(), g.variable ? " as " : "",
           g.variable.text);
      ++depth_;
      if (g.where != nullptr) Line("where ", DumpExpr(*g.where));
      --depth_;
    }
    for (const ast::MayAllow& m : s.may_allow) {
      Line("may allow ", Join(m.actions), " of ", m.type.Text(),
           m.variable ? " as " : "", m.variable.text);
      ++depth_;
      Guards(m.when, m.unless);
      --depth_;
    }
    for (const ast::Path& path : s.may_override) {
      Line("may override ", path.Text());
    }
    --depth_;
  }
  void Add(const ast::Waiver& w) {
    Doc(w.doc);
    Line("waiver ", w.name.text, " of ", w.policy.Text());
    ++depth_;
    Line("on ", w.type.Text(), w.variable ? " as " : "", w.variable.text);
    if (w.where != nullptr) Line("where ", DumpExpr(*w.where));
    TextLine("reason", w.reason);
    TextLine("ticket", w.ticket);
    TextLine("requested", w.requested);
    TextLine("approved", w.approved);
    if (w.from != nullptr) Line("from ", DumpExpr(*w.from));
    if (w.until != nullptr) Line("until ", DumpExpr(*w.until));
    --depth_;
  }
  void Add(const ast::Policy& p) {
    Doc(p.doc);
    Line("policy ", p.name.text, p.overrides ? " overrides " : "",
         p.overrides.Text());
    ++depth_;
    TextLine("title", p.title);
    TextLine("owner", p.owner);
    for (const ast::Text& control : p.controls) TextLine("control", control);
    if (p.severity_word) Line("severity ", p.severity_word.text);
    TextLine("help", p.help);
    const ast::Head& h = p.head;
    Line("on ", Join(h.actions), " of ", h.resource.Text(),
         h.resource_name ? " as " : "", h.resource_name.text,
         h.subjects.empty() ? "" : " by ", Join(h.subjects),
         h.subject_name ? " as " : "", h.subject_name.text);
    Guards(h.when, h.unless);
    Rules(p.rules);
    --depth_;
  }
  void Rules(const std::vector<ast::Rule>& rules) {
    for (const ast::Rule& rule : rules) AddRule(rule);
  }
  void AddRule(const ast::Rule& r) {
    using ast::RuleKind;
    const std::string kind = ast::RuleKindText(r.kind);
    switch (r.kind) {
      case RuleKind::kLet:
        Line("let ", r.target.text, " = ",
             r.value == nullptr ? "" : DumpExpr(*r.value));
        return;
      case RuleKind::kFor:
        Line("for");
        ++depth_;
        for (const ast::Generator& g : r.generators) {
          Line(g.variable.text, " in ",
               g.collection == nullptr ? "" : DumpExpr(*g.collection),
               g.where == nullptr ? "" : " where ",
               g.where == nullptr ? "" : DumpExpr(*g.where));
        }
        Rules(r.body);
        --depth_;
        return;
      case RuleKind::kFirst:
        Line("first");
        ++depth_;
        Rules(r.body);
        --depth_;
        return;
      case RuleKind::kMask:
        Line("mask ", r.target.text, " with ", MaskText(r.mask));
        break;
      case RuleKind::kHide:
        Line("hide ", r.target.text);
        break;
      case RuleKind::kKeepRows:
      case RuleKind::kDropRows:
        Line(kind, " ", r.target.text, " where ",
             r.value == nullptr ? "" : DumpExpr(*r.value));
        break;
      case RuleKind::kRequire:
        Line("require (", r.path.Text(), ArgumentsText(r.arguments), ")");
        break;
      default:
        Line(kind);
    }
    ++depth_;
    Guards(r.when, r.unless);
    if (r.recheck != nullptr) Line("recheck ", DumpExpr(*r.recheck));
    if (r.because != nullptr) Line("because ", DumpExpr(*r.because));
    if (r.help != nullptr) Line("help ", DumpExpr(*r.help));
    --depth_;
  }
  void Add(const ast::Given& g) {
    if (g.entity != nullptr) {
      Line("given ", DumpExpr(*g.entity));
      return;
    }
    Line("given rows ", Quote(g.dataset.value));
    ++depth_;
    for (const ast::Row& row : g.rows) Line(FieldsText(row.fields));
    --depth_;
  }
  void Add(const ast::Test& t) {
    Doc(t.doc);
    Line("test ", Quote(t.name.value));
    ++depth_;
    for (const ast::Given& given : t.givens) Add(given);
    const ast::TestRequest& r = t.request;
    if (r.subject != nullptr && r.resource != nullptr) {
      Line("when ", DumpExpr(*r.subject), " does ", r.action.Text(), " on ",
           DumpExpr(*r.resource));
      ++depth_;
      if (r.proposes) Line("proposing ", FieldsText(r.proposing));
      if (!r.context.empty()) Line("with ", FieldsText(r.context));
      if (r.at != nullptr) Line("at ", DumpExpr(*r.at));
      --depth_;
    }
    for (const ast::Expect& e : t.expects) Line("expect ", ExpectText(e));
    --depth_;
  }
  static std::string ExpectText(const ast::Expect& e) {
    using Kind = ast::ExpectKind;
    const std::string path = e.path.Text();
    const std::string text = Quote(e.text.value);
    switch (e.kind) {
      case Kind::kAllow:
        return "allow";
      case Kind::kPermit:
        return "permit";
      case Kind::kDeny:
        return "deny";
      case Kind::kDenyBy:
        return absl::StrCat("deny by ", path,
                            e.text ? " because contains " + text : "");
      case Kind::kDenyNothing:
        return "deny because nothing allows";
      case Kind::kNotDenyBy:
        return "not deny by " + path;
      case Kind::kMask:
        return absl::StrCat("mask ", text, " with ", MaskText(e.mask));
      case Kind::kHide:
        return "hide " + text;
      case Kind::kClear:
        return "clear " + text;
      case Kind::kRowKept:
        return absl::StrCat("row ", FieldsText(e.row.fields), " kept");
      case Kind::kRowDropped:
        return absl::StrCat("row ", FieldsText(e.row.fields), " dropped");
      case Kind::kFilter:
        return "filter " + text;
      case Kind::kNoFilter:
        return "no filter";
      case Kind::kRequire:
      case Kind::kNotRequire:
        return absl::StrCat(
            e.kind == Kind::kRequire ? "" : "not ", "require ", path,
            e.has_arguments ? "(" + ArgumentsText(e.arguments) + " )" : "");
      case Kind::kAdvisory:
        return "advisory " + path;
      case Kind::kWaiver:
        return "waiver " + path;
      case Kind::kNotDelegated:
        return "not delegated " + path;
      case Kind::kError:
        return "error";
      case Kind::kKeep:
        return "keep " + DumpExpr(*e.keep);
    }
    return "";
  }

  std::string out_;
  int depth_ = 0;
};

}  // namespace

std::string DumpAst(const ast::File& file) { return FileDumper().Run(file); }

std::string DumpExpr(const ast::Expr& expr) {
  ExprDumper dumper;
  dumper.Add(expr);
  return std::move(dumper.text);
}

}  // namespace bylaw
