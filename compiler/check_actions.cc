// Actions, gates, groups and their extensions; the columns that they select.
#include <algorithm>

#include "compiler/check_graph.h"
#include "compiler/check_names.h"
#include "compiler/checker.h"

namespace bylaw {
namespace {

void SortUnique(std::vector<uint32_t>* list) {
  std::sort(list->begin(), list->end());
  list->erase(std::unique(list->begin(), list->end()), list->end());
}

}  // namespace

void Checker::DeclareActions() {
  struct Declared {
    const ast::Action* tree;
    uint32_t index;
  };
  std::vector<Declared> declared;
  for (const std::unique_ptr<Module>& module : modules) {
    for (const ast::File* file : module->files) {
      for (const ast::Action& tree : file->actions) {
        if (tree.extends || tree.name.parts.empty()) continue;
        const ast::Name& name = tree.name.parts.front();
        RootDeclares(*module, name.span, tree.gate ? "gate" : "action");
        if (!action_names_.insert(name.text).second) {
          Error(Code::BL2003, name.span,
                absl::StrCat("action `", name.text, "` is declared already"));
          continue;
        }
        const auto index = static_cast<uint32_t>(schema().actions.size());
        ActionSymbol symbol;
        symbol.index = index;
        symbol.actions = {index};
        symbol.span = name.span;
        module->actions[name.text] = symbol;
        Action action;
        action.name = name.text;
        action.gate = tree.gate;
        action.proposes = tree.proposes;
        action.resources = ResolveEntities(*module, tree.resource);
        for (const ast::Path& subject : tree.subjects) {
          const std::vector<uint32_t> types = ResolveEntities(*module, subject);
          action.subjects.insert(action.subjects.end(), types.begin(),
                                 types.end());
        }
        SortUnique(&action.subjects);
        AddAttributes(*module, tree.parameters, Pending::Owner::kAction, index,
                      &action.context);
        if (tree.resource_name && !module->shipped) {
          CheckVariableName(tree.resource_name);
        }
        if (tree.proposes && !tree.gate) {
          Error(Code::BL2042, name.span,
                absl::StrCat("`", name.text,
                             "` is no gate: only gates take proposals"));
        }
        schema().actions.push_back(std::move(action));
        action_trees_.push_back(&tree);
        declared.push_back({&tree, index});
      }
    }
  }
  DeclareGroups();
  ExtendActions();
  for (const Declared& d : declared) {
    if (!d.tree->selects) continue;
    if (d.tree->gate) {
      Error(Code::BL2041, d.tree->selects.span,
            "gates select no columns: `selects` stands on other actions");
      continue;
    }
    CheckSelects(*d.tree, d.index);
  }
  for (const Pending& pending : pending_) {
    if (pending.owner != Pending::Owner::kAction) continue;
    const ast::Name& includes = pending.tree->includes;
    if (!includes) continue;
    Attribute& attribute = AttributeOf(pending);
    const Action& action = schema().actions[pending.index];
    const bool names_resource =
        includes.text == "resource" ||
        (ActionTree(pending.index) != nullptr &&
         ActionTree(pending.index)->resource_name.text == includes.text);
    if (!names_resource) {
      Error(Code::BL2043, includes.span,
            absl::StrCat("`", includes.text,
                         "` is not the resource of the action"));
      continue;
    }
    if (attribute.type == kNone || action.resources.empty()) continue;
    const TypeInfo& type = schema().type(attribute.type);
    const bool fits =
        type.kind == Kind::kSet &&
        schema().type(type.element).kind == Kind::kEntity &&
        std::includes(schema().type(type.element).entities.begin(),
                      schema().type(type.element).entities.end(),
                      action.resources.begin(), action.resources.end());
    if (!fits) {
      Error(Code::BL2043, pending.tree->name.span,
            absl::StrCat("`includes` needs a set that can hold the resource, "
                         "not ",
                         TypeName(attribute.type)));
      continue;
    }
    attribute.includes_resource = true;
  }
  DeclareActionVocabulary();
}

void Checker::DeclareGroups() {
  struct Open {
    Module* module;
    const ast::ActionGroup* tree;
    ActionSymbol* symbol;
  };
  std::vector<Open> open;
  for (const std::unique_ptr<Module>& module : modules) {
    for (const ast::File* file : module->files) {
      for (const ast::ActionGroup& tree : file->groups) {
        if (!tree.name) continue;
        RootDeclares(*module, tree.name.span, "action group");
        if (!action_names_.insert(tree.name.text).second) {
          Error(Code::BL2003, tree.name.span,
                absl::StrCat("action `", tree.name.text,
                             "` is declared already"));
          continue;
        }
        ActionSymbol symbol;
        symbol.is_group = true;
        symbol.index = static_cast<uint32_t>(schema().groups.size());
        symbol.span = tree.name.span;
        module->actions[tree.name.text] = symbol;
        schema().groups.emplace_back().name = tree.name.text;
        open.push_back({module.get(), &tree, nullptr});
      }
    }
  }
  for (Open& o : open) o.symbol = &o.module->actions[o.tree->name.text];
  const size_t n = open.size();
  std::vector<std::vector<uint32_t>> edges(n), users(n);
  std::vector<uint32_t> waiting(n, 0);
  for (uint32_t i = 0; i < n; ++i) {
    for (const ast::Path& path : open[i].tree->actions) {
      const ActionSymbol* member = ResolveAction(*open[i].module, path);
      if (member == nullptr) continue;
      if (member->is_group) {
        edges[i].push_back(member->index);  // groups are numbered as `open`
        users[member->index].push_back(i);
        ++waiting[i];
      } else {
        open[i].symbol->actions.push_back(member->index);
      }
    }
  }
  std::vector<uint32_t> work;
  for (uint32_t i = 0; i < n; ++i) {
    if (waiting[i] == 0) work.push_back(i);
  }
  while (!work.empty()) {
    const uint32_t i = work.back();
    work.pop_back();
    std::vector<uint32_t>& actions = open[i].symbol->actions;
    for (const uint32_t used : edges[i]) {
      const std::vector<uint32_t>& more = open[used].symbol->actions;
      actions.insert(actions.end(), more.begin(), more.end());
    }
    SortUnique(&actions);
    for (const uint32_t user : users[i]) {
      if (--waiting[user] == 0) work.push_back(user);
    }
  }
  const std::vector<bool> cyclic = OnCycle(edges);
  for (uint32_t i = 0; i < n; ++i) {
    if (cyclic[i]) {
      Error(Code::BL2034, open[i].tree->name.span,
            absl::StrCat("group `", open[i].tree->name.text,
                         "` contains itself"));
    }
    schema().groups[i].actions = open[i].symbol->actions;
  }
}

void Checker::ExtendActions() {
  for (const std::unique_ptr<Module>& module : modules) {
    for (const ast::File* file : module->files) {
      for (const ast::Action& tree : file->actions) {
        if (!tree.extends || tree.name.parts.empty()) continue;
        RootDeclares(*module, tree.name.span, "extension");
        const ActionSymbol* symbol = ResolveAction(*module, tree.name);
        if (symbol == nullptr) {
          for (const ast::Attribute& a : tree.parameters) Lose(a.name);
          continue;
        }
        const std::vector<uint32_t> actions = symbol->actions;
        for (const uint32_t action : actions) {
          AddAttributes(*module, tree.parameters, Pending::Owner::kAction,
                        action, &schema().actions[action].context);
        }
      }
    }
  }
}

void Checker::CheckSelects(const ast::Action& tree, uint32_t index) {
  Action& action = schema().actions[index];
  if (action.resources.empty()) return;  // reported
  const Span& span = tree.selects.span;
  if (action.resources.size() != 1) {
    Error(Code::BL2041, span, "`selects` needs one resource type");
    return;
  }
  const uint32_t owner = action.resources.front();
  const EntityType& entity = schema().entities[owner];
  const std::vector<ast::Name>& path = tree.selects.parts;
  if (path.size() != 2 ||
      (path[0].text != tree.resource_name.text && path[0].text != "resource")) {
    Error(Code::BL2041, span,
          "`selects` names an attribute of the resource: `selects d.columns`");
    return;
  }
  const uint32_t columns =
      Schema::FindAttribute(entity.attributes, path[1].text);
  if (columns == kNone) {
    std::vector<std::string> names;
    for (const Attribute& a : entity.attributes) names.push_back(a.name);
    UnknownName(Code::BL2005, path[1].span,
                absl::StrCat("`", entity.name, "` has no attribute `",
                             path[1].text, "`"),
                SuggestFrom(path[1].text, names));
    return;
  }
  const TypeId type = entity.attributes[columns].type;
  if (type == kNone) return;
  const TypeInfo& set = schema().type(type);
  if (set.kind != Kind::kSet ||
      schema().type(set.element).kind != Kind::kEntity ||
      schema().type(set.element).entities.size() != 1) {
    Error(Code::BL2041, path[1].span,
          absl::StrCat("`selects` needs a set of one type of entity, not ",
                       TypeName(type)));
    return;
  }
  Schema::Selectable selectable;
  selectable.entity = owner;
  selectable.columns_slot = columns;
  selectable.column_entity = schema().type(set.element).entities.front();
  const EntityType& column = schema().entities[selectable.column_entity];
  const auto attribute_of = [&](const EntityType& of, const char* name,
                                TypeId required) -> uint32_t {
    const uint32_t slot = Schema::FindAttribute(of.attributes, name);
    return slot != kNone && (of.attributes[slot].type == required ||
                             of.attributes[slot].type == kNone)
               ? slot
               : kNone;
  };
  const TypeId string = Simple(Kind::kString);
  const TypeId column_type =
      schema().Optional(TermType(schema().column_type_vocabulary));
  selectable.name_slot = attribute_of(column, "name", string);
  selectable.type_slot = attribute_of(column, "type", column_type);
  if (selectable.name_slot == kNone || selectable.type_slot == kNone) {
    Error(Code::BL2041, path[1].span,
          absl::StrCat("`", column.name,
                       "` must declare `name: String` and `type: "
                       "ColumnType?`"));
    return;
  }
  const uint32_t table = Schema::FindAttribute(entity.attributes, "table");
  if (table != kNone) {
    if (entity.attributes[table].type == schema().Optional(string)) {
      selectable.table_slot = table;
    } else if (entity.attributes[table].type != kNone) {
      Error(Code::BL2041, path[1].span,
            absl::StrCat("`", entity.name, ".table` must be a String?, not ",
                         TypeName(entity.attributes[table].type)));
      return;
    }
  }
  const std::vector<ast::Name>& by = tree.selects_by.parts;
  if (by.size() != 2 || by[0].text != "context") {
    Error(Code::BL2041, tree.selects_by.span,
          "`by` names an attribute of the context: `by context.columns`");
    return;
  }
  const uint32_t selecting = Schema::FindAttribute(action.context, by[1].text);
  if (selecting == kNone) {
    std::vector<std::string> names;
    for (const Attribute& a : action.context) names.push_back(a.name);
    UnknownName(Code::BL2005, by[1].span,
                absl::StrCat("the context of `", action.name,
                             "` has no attribute `", by[1].text, "`"),
                SuggestFrom(by[1].text, names));
    return;
  }
  if (action.context[selecting].type != type &&
      action.context[selecting].type != kNone) {
    Error(Code::BL2041, by[1].span,
          absl::StrCat("`context.", by[1].text, "` is a ",
                       TypeName(action.context[selecting].type), ", not a ",
                       TypeName(type)));
    return;
  }
  const Schema::Selectable* known = schema().FindSelectable(owner);
  if (known != nullptr && known->columns_slot != columns) {
    Error(Code::BL2041, path[1].span,
          absl::StrCat("another action selects the columns of `", entity.name,
                       "` from `", entity.attributes[known->columns_slot].name,
                       "`"));
    return;
  }
  if (known == nullptr) schema().selectables.push_back(selectable);
  action.columns_slot = columns;
  action.selecting_slot = selecting;
  action.context[selecting].selects = true;
}

void Checker::DeclareActionVocabulary() {
  const auto index = static_cast<uint32_t>(schema().vocabularies.size());
  Vocabulary vocabulary;
  vocabulary.name = "Action";
  vocabulary.first_term = static_cast<uint32_t>(schema().terms.size());
  vocabulary.num_terms = static_cast<uint32_t>(schema().actions.size());
  schema().vocabularies.push_back(vocabulary);
  for (const Action& action : schema().actions) {
    const auto number = static_cast<uint32_t>(schema().terms.size());
    schema().terms.push_back({index, action.name, number + 1, kNone});
    term_index_[{index, action.name}] = number;
  }
  action_vocabulary_ = index;
}

// --- Context -----------------------------------------------------------------

Checker::ContextAttribute Checker::FindContextAttribute(
    const std::vector<uint32_t>& actions, std::string_view name) {
  ContextAttribute result;
  bool everywhere = true, first = true;
  for (const uint32_t action : actions) {
    const std::vector<Attribute>& context = schema().actions[action].context;
    const uint32_t slot = Schema::FindAttribute(context, name);
    if (slot == kNone) {
      everywhere = false;
      continue;
    }
    const TypeId type = context[slot].type;
    if (first) {
      result.found = true;
      result.type = type;
      result.slot = slot;
      first = false;
      continue;
    }
    if (slot != result.slot) result.slot = kNone;
    if (type != result.type && type != kNone && result.type != kNone) {
      result.differs = true;
    }
  }
  if (result.found && !everywhere) {
    result.slot = kNone;
    if (result.type != kNone) result.type = schema().Optional(result.type);
  }
  return result;
}

}  // namespace bylaw
