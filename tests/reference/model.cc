#include "tests/reference/model.h"

#include <algorithm>

namespace bylaw::reference {
namespace {

int Sign(bool less, bool greater) { return less ? -1 : greater ? 1 : 0; }

template <typename T>
int Three(const T& a, const T& b) {
  return Sign(a < b, b < a);
}

bool IsCollection(const Schema& schema, TypeId t) {
  const Kind k = schema.type(t).kind;
  return k == Kind::kSet || k == Kind::kList || k == Kind::kMap;
}

// Removes references for which `gone` holds; false if nothing is left.
template <typename Gone>
bool Prune(Val* v, const Gone& gone) {
  if (v->kind == Kind::kEntity) return !gone(v->key());
  if (v->kind == Kind::kSet || v->kind == Kind::kList) {
    std::erase_if(v->elements, [&](const Val& e) {
      return e.kind == Kind::kEntity && gone(e.key());
    });
  }
  if (v->kind == Kind::kRecord || v->kind == Kind::kMap) {
    for (Val& e : v->elements) {
      if (!Prune(&e, gone)) e = Val();
    }
  }
  return true;
}

void MarkAsFacts(Val* v) {
  v->as_facts = true;
  for (Val& e : v->elements) MarkAsFacts(&e);
}

}  // namespace

int Compare(const Val& a, const Val& b) {
  if (a.kind != b.kind) return Three(a.kind, b.kind);
  switch (a.kind) {
    case Kind::kMissing:
      return 0;
    case Kind::kString:
      return Three(a.text, b.text);
    case Kind::kTerm:
      return Three(a.index, b.index);
    case Kind::kEntity:
      // By id, as sets of a union print.
      return Three(std::pair(a.text, a.index), std::pair(b.text, b.index));
    case Kind::kIp:
      return Three(a.ip, b.ip);
    case Kind::kVersion:
      return Three(a.version, b.version);
    case Kind::kSet:
    case Kind::kList:
    case Kind::kRecord:
    case Kind::kMap: {
      if (a.keys != b.keys) return Three(a.keys, b.keys);
      for (size_t i = 0; i < a.elements.size() && i < b.elements.size(); ++i) {
        const int c = Compare(a.elements[i], b.elements[i]);
        if (c != 0) return c;
      }
      return Three(a.elements.size(), b.elements.size());
    }
    default:
      return Three(a.number, b.number);
  }
}

Val MakeBool(bool b) {
  Val v;
  v.kind = Kind::kBool;
  v.number = b;
  return v;
}

Val MakeString(std::string text) {
  Val v;
  v.kind = Kind::kString;
  v.text = std::move(text);
  return v;
}

Val MakeSet(std::vector<Val> elements) {
  Val v;
  v.kind = Kind::kSet;
  // Of one entity in both views the proposal's stays.
  std::stable_sort(elements.begin(), elements.end(),
                   [](const Val& a, const Val& b) {
                     const int c = Compare(a, b);
                     return c != 0 ? c < 0 : a.as_facts < b.as_facts;
                   });
  elements.erase(
      std::unique(elements.begin(), elements.end(),
                  [](const Val& a, const Val& b) { return Same(a, b); }),
      elements.end());
  v.elements = std::move(elements);
  return v;
}

Val FromConstant(const Constant& c) {
  Val v;
  v.kind = c.kind;
  v.number = c.number;
  v.text = c.text;
  v.index = c.index;
  v.ip = c.ip;
  v.version = c.version;
  for (const Constant& e : c.elements) v.elements.push_back(FromConstant(e));
  v.keys = c.keys;
  if (v.kind == Kind::kSet) return MakeSet(std::move(v.elements));
  if (v.kind == Kind::kMap) {
    std::map<std::string, Val> sorted;
    for (size_t i = 0; i < v.keys.size(); ++i) {
      sorted[v.keys[i]] = v.elements[i];
    }
    v.keys.clear();
    v.elements.clear();
    for (auto& [key, value] : sorted) {
      v.keys.push_back(key);
      v.elements.push_back(value);
    }
  }
  return v;
}

void Facts::Add(const typed::GivenEntity& given) {
  Entity& entity = entities[{given.entity, given.id}];
  for (const auto& [slot, value] : given.attributes) {
    if (value.kind == Kind::kMissing) continue;
    entity.stated[slot] = FromConstant(value);
  }
  if (given.parent_entity != kNone) {
    entity.nested_in.insert({given.parent_entity, given.parent_id});
  }
  for (const auto& [type, id] : given.in) entity.nested_in.insert({type, id});
}

void Facts::Close(const Schema& schema) {
  for (auto& [key, entity] : entities) {
    entity.values = entity.stated;
    entity.parents = entity.nested_in;
  }
  // Inverses: either side tells the other.
  const auto tell = [&](const Key& to, uint32_t slot, const Key& from) {
    auto it = entities.find(to);
    if (it == entities.end()) return;
    Val reference;
    reference.kind = Kind::kEntity;
    reference.index = from.first;
    reference.text = from.second;
    const TypeInfo& type =
        schema.type(schema.entities[to.first].attributes[slot].type);
    Val& value = it->second.values[slot];
    if (type.kind == Kind::kEntity) {
      if (value.missing()) value = reference;
    } else {
      std::vector<Val> all = value.elements;
      all.push_back(reference);
      value = MakeSet(std::move(all));
    }
  };
  for (auto& [key, entity] : entities) {
    const auto& attributes = schema.entities[key.first].attributes;
    for (const auto& [slot, value] : entity.stated) {
      if (attributes[slot].inverse == kNone) continue;
      if (value.kind == Kind::kEntity) {
        tell(value.key(), attributes[slot].inverse, key);
      }
      for (const Val& e : value.elements) {
        tell(e.key(), attributes[slot].inverse, key);
      }
    }
  }
  // Parents: what it is nested in, `in`, and inverse attributes of a parent
  // type.
  for (auto& [key, entity] : entities) {
    const EntityType& type = schema.entities[key.first];
    for (const auto& [slot, value] : entity.values) {
      if (type.attributes[slot].inverse == kNone) continue;
      const auto consider = [&, &e = entity](const Val& v) {
        if (v.kind == Kind::kEntity &&
            std::count(type.parents.begin(), type.parents.end(), v.index)) {
          e.parents.insert(v.key());
        }
      };
      consider(value);
      for (const Val& e : value.elements) consider(e);
    }
  }
  // Ancestors and transitive attributes, to a fixed point.
  for (auto& [key, entity] : entities) {
    entity.above = entity.parents;
    entity.above.insert(key);
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (auto& [key, entity] : entities) {
      const std::set<Key> now = entity.above;
      for (const Key& above : now) {
        const auto it = entities.find(above);
        if (it == entities.end()) continue;
        for (const Key& k : it->second.above) {
          changed |= entity.above.insert(k).second;
        }
      }
      const auto& attributes = schema.entities[key.first].attributes;
      for (uint32_t slot = 0; slot < attributes.size(); ++slot) {
        if (!attributes[slot].transitive || !entity.values.count(slot)) {
          continue;
        }
        std::vector<Val> all = entity.values[slot].elements;
        const size_t before = all.size();
        for (const Val& e : std::vector<Val>(all)) {
          const auto it = entities.find(e.key());
          if (it == entities.end() || it->first.first != key.first) continue;
          const auto more = it->second.values.find(slot);
          if (more == it->second.values.end()) continue;
          for (const Val& m : more->second.elements) all.push_back(m);
        }
        Val closed = MakeSet(std::move(all));
        if (closed.elements.size() != before) {
          entity.values[slot] = std::move(closed);
          changed = true;
        }
      }
    }
  }
}

void Sight::AddSubject(const Key& subject) {
  for (Facts* facts : {&known_, &proposed_}) {
    if (facts->entities.count(subject)) continue;
    facts->entities[subject].above.insert(subject);
  }
}

// In some attribute, itself or in a set or list.
bool Holds(const Facts::Entity& entity, const Key& key) {
  const auto is_it = [&](const Val& v) {
    return v.kind == Kind::kEntity && v.key() == key;
  };
  for (const auto& [slot, value] : entity.values) {
    if (is_it(value) ||
        std::any_of(value.elements.begin(), value.elements.end(), is_it)) {
      return true;
    }
  }
  return false;
}

void Sight::Propose(const std::vector<typed::GivenEntity>& proposal) {
  has_proposal_ = true;
  const Key resource{proposal[0].entity, proposal[0].id};
  std::set<Key> in_proposal;
  for (const auto& g : proposal) in_proposal.insert({g.entity, g.id});
  // What facts hold in attributes of the resource, as its children and nobody
  // else's, goes: replaced, or left out. What the proposal's version of their
  // parent names stays, though it does not nest it.
  std::set<Key> old;
  const auto names = [&](const Key& parent, const Key& key) {
    const auto is_it = [&](const Constant& c) {
      return c.kind == Kind::kEntity && c.index == key.first &&
             c.text == key.second;
    };
    for (const auto& g : proposal) {
      if (Key{g.entity, g.id} != parent) continue;
      for (const auto& [slot, value] : g.attributes) {
        if (is_it(value) ||
            std::any_of(value.elements.begin(), value.elements.end(), is_it)) {
          return true;
        }
      }
    }
    return false;
  };
  const auto is_lost = [&](const Key& key, const Facts::Entity& entity) {
    bool held = false;
    for (const Key& parent : entity.parents) {
      if (parent != resource && !old.count(parent) &&
          !in_proposal.count(parent)) {
        return false;
      }
      if (names(parent, key)) return false;
      const auto it = known_.entities.find(parent);
      held |= it != known_.entities.end() && Holds(it->second, key);
    }
    return held;
  };
  for (bool changed = true; changed;) {
    changed = false;
    for (const auto& [key, entity] : known_.entities) {
      changed |=
          key != resource && is_lost(key, entity) && old.insert(key).second;
    }
  }
  const auto left_out = [&](const Key& k) {
    return old.count(k) && !in_proposal.count(k);
  };
  for (const Key& k : old) proposed_.entities.erase(k);
  // What is replaced stays where facts state that it is (`in`, nesting), unless
  // the proposal states it anew.
  for (const auto& g : proposal) {
    Facts::Entity replacement;
    const auto it = known_.entities.find({g.entity, g.id});
    if (it != known_.entities.end() && g.in.empty()) {
      replacement.nested_in = it->second.nested_in;
    }
    proposed_.entities[{g.entity, g.id}] = std::move(replacement);
  }
  const auto replaced = [&](const Key& k) {
    return in_proposal.count(k) || old.count(k) || k == resource;
  };
  for (const auto& g : proposal) proposed_.Add(g);
  // What is left out is missing, wherever it is named.
  for (auto& [key, entity] : proposed_.entities) {
    const bool known = in_proposal.count(key) == 0;
    const auto& attributes = schema_.entities[key.first].attributes;
    for (auto it = entity.stated.begin(); it != entity.stated.end();) {
      const bool inverse = attributes[it->first].inverse != kNone;
      const bool keep = Prune(&it->second, [&](const Key& k) {
        return left_out(k) || (known && inverse && replaced(k));
      });
      it = keep ? std::next(it) : entity.stated.erase(it);
    }
    std::erase_if(entity.nested_in, left_out);
  }
  proposed_.Close(schema_);
  // `closed anew` also for subjects that only the request knows: they have no
  // attributes.
}

bool Sight::Knows(const Val& entity) const {
  return Of(entity).entities.count(entity.key()) > 0;
}

Val Sight::Read(const Val& entity, uint32_t slot) const {
  const EntityType& type = schema_.entities[entity.index];
  const auto it = Of(entity).entities.find(entity.key());
  if (it == Of(entity).entities.end()) {
    throw Failure{"unknown entity " + entity.text};
  }
  const Attribute& attribute = type.attributes[slot];
  Val v;
  const auto value = it->second.values.find(slot);
  if (value != it->second.values.end() && !value->second.missing()) {
    v = value->second;
  } else if (attribute.default_value) {
    v = FromConstant(*attribute.default_value);
  } else if (IsCollection(schema_, attribute.type)) {
    v.kind = schema_.type(attribute.type).kind;
  } else if (!schema_.type(attribute.type).optional) {
    throw Failure{"no " + attribute.name};
  }
  if (entity.as_facts) MarkAsFacts(&v);
  return v;
}

bool Sight::Within(const Val& a, const Val& b) const {
  if (a.key() == b.key()) return true;
  const auto it = Of(a).entities.find(a.key());
  return it != Of(a).entities.end() && it->second.above.count(b.key()) > 0;
}

Val Sight::All(uint32_t type) const {
  std::vector<Val> all;
  for (const auto& [key, entity] : proposed_.entities) {
    if (key.first != type) continue;
    Val v;
    v.kind = Kind::kEntity;
    v.index = type;
    v.text = key.second;
    all.push_back(std::move(v));
  }
  return MakeSet(std::move(all));
}

}  // namespace bylaw::reference
