// Tests: what is given, asked and expected (parser_tree.h).

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dsl/parser_tree.h"

namespace bylaw::parsing {
namespace {

using P = BylawParser;

}  // namespace

ast::Row TreeBuilder::RowOf(P::FieldsContext* context) {
  return {FieldsOf(context), At(context)};
}

ast::ExprPtr TreeBuilder::EntityOf(P::EntityValueContext* context) {
  if (Broken(context) || Broken(context->upperPath())) return nullptr;
  ast::ExprPtr expr = Make(ast::ExprKind::kEntity, At(context));
  expr->path = UpperPathOf(context->upperPath());
  const ast::Text id = TextOf(context->string());
  expr->text = id.value;
  expr->text_span = id.span;
  if (context->fields() != nullptr) {
    expr->has_body = true;
    expr->fields = FieldsOf(context->fields());
  }
  return Finish(std::move(expr));
}

ast::Given TreeBuilder::GivenOf(P::GivenContext* context) {
  ast::Given given;
  given.span = At(context);
  if (context->entityValue() != nullptr) {
    given.entity = EntityOf(context->entityValue());
    return given;
  }
  given.dataset = TextOf(context->string());
  for (P::FieldsContext* row : context->fields()) {
    if (!Broken(row)) given.rows.push_back(RowOf(row));
  }
  return given;
}

ast::TestRequest TreeBuilder::RequestOf(P::TestRequestContext* context) {
  ast::TestRequest request;
  request.span = At(context);
  request.subject = EntityOf(context->entityValue(0));
  request.action = LowerPathOf(context->path());
  request.resource = EntityOf(context->entityValue(1));
  for (const ast::ExprPtr* entity : {&request.subject, &request.resource}) {
    if (*entity != nullptr && (*entity)->has_body) {
      reporter_.Add(Code::BL1041, (*entity)->span,
                    "the attributes of what a request names stand in a `given` "
                    "or after `proposing`");
    }
  }
  int last = 0;
  for (P::RequestPartContext* part : context->requestPart()) {
    if (Broken(part)) continue;
    const size_t type = part->start->getType();
    const int rank = type == P::PROPOSING ? 1 : type == P::WITH ? 2 : 3;
    if (rank <= last) {
      reporter_.Add(Code::BL1041, At(part->start),
                    rank == last
                        ? absl::StrCat("a second `",
                                       std::string(At(part->start).text()), "`")
                        : "the order is `proposing`, `with`, `at`");
    }
    last = std::max(last, rank);
    if (type == P::PROPOSING) {
      request.proposes = true;
      request.proposing = FieldsOf(part->fields());
    } else if (type == P::WITH) {
      request.context = FieldsOf(part->fields());
    } else {
      request.at = Expression(part->expr());
    }
  }
  return request;
}

ast::Expect TreeBuilder::ExpectOf(P::ExpectationContext* context) {
  using Kind = ast::ExpectKind;
  ast::Expect expect;
  expect.span = At(context);
  const bool negated = context->NOT() != nullptr;
  if (context->path() != nullptr) {
    expect.path = LowerPathOf(context->path());
  }
  if (context->string() != nullptr) expect.text = TextOf(context->string());
  if (context->DENY() != nullptr) {
    if (negated) {
      expect.kind = Kind::kNotDenyBy;
    } else if (context->BY() != nullptr) {
      expect.kind = Kind::kDenyBy;
      if (context->strings() != nullptr) {
        expect.text = JoinedText(context->strings());
      }
    } else {
      expect.kind =
          context->NOTHING() != nullptr ? Kind::kDenyNothing : Kind::kDeny;
    }
  } else if (context->REQUIRE() != nullptr) {
    expect.kind = negated ? Kind::kNotRequire : Kind::kRequire;
    expect.has_arguments = context->arguments() != nullptr;
    expect.arguments = ArgumentsOf(context->arguments());
  } else if (context->DELEGATED() != nullptr) {
    expect.kind = Kind::kNotDelegated;
  } else if (context->MASK() != nullptr) {
    expect.kind = Kind::kMask;
    expect.mask = MaskOf(context->maskUse());
  } else if (context->HIDE() != nullptr) {
    expect.kind = Kind::kHide;
  } else if (context->CLEAR() != nullptr) {
    expect.kind = Kind::kClear;
  } else if (context->ROW() != nullptr) {
    expect.kind =
        context->KEPT() != nullptr ? Kind::kRowKept : Kind::kRowDropped;
    expect.row = RowOf(context->fields());
  } else if (context->FILTER() != nullptr) {
    expect.kind = context->NO() != nullptr ? Kind::kNoFilter : Kind::kFilter;
  } else if (context->ADVISORY() != nullptr) {
    expect.kind = Kind::kAdvisory;
  } else if (context->WAIVER() != nullptr) {
    expect.kind = Kind::kWaiver;
  } else if (context->ERROR() != nullptr) {
    expect.kind = Kind::kError;
  } else if (context->KEEP() != nullptr) {
    expect.kind = Kind::kKeep;
    expect.keep = DurationOf(context->NUMBER_UNIT());
  } else if (context->PERMIT() != nullptr) {
    expect.kind = Kind::kPermit;
  }
  return expect;
}

void TreeBuilder::AddTest(P::TestContext* context, ast::File* file) {
  ast::Test test;
  test.name = TextOf(context->string());
  bool asked = false;
  bool broken = false;
  for (P::TestItemContext* item : context->testItem()) {
    if (Broken(item)) {
      broken = true;
      continue;
    }
    if (item->given() != nullptr) {
      if (asked || !test.expects.empty()) {
        reporter_.Add(Code::BL1041, At(item->start),
                      "`given` comes before `when`");
      }
      test.givens.push_back(GivenOf(item->given()));
    } else if (item->testRequest() != nullptr) {
      if (asked) {
        reporter_.Add(Code::BL1041, At(item->start), "a test has one `when`",
                      "write a second test; module-level `given`s are shared");
      } else if (!test.expects.empty()) {
        reporter_.Add(Code::BL1041, At(item->start),
                      "`when` comes before `expect`");
      }
      asked = true;
      test.request = RequestOf(item->testRequest());
    } else {
      test.expects.push_back(ExpectOf(item->expectation()));
    }
  }
  if (!broken_ && !asked) {
    reporter_.Add(Code::BL1024, test.name.span, "the test lacks its `when`");
  }
  if (!broken_ && asked && test.expects.empty()) {
    reporter_.Add(Code::BL1024, test.name.span, "the test expects nothing");
  }
  if (!broken) Keep(context, std::move(test), &file->tests);
}

}  // namespace bylaw::parsing
