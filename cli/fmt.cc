// bylaw fmt: one style for all policies.
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <sstream>

#include "cli/command.h"
#include "dsl/format.h"

namespace bylaw::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  Globals globals;
  std::vector<std::string> files;
  bool check = false, diff = false;
};

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// A unified diff with one hunk a run of changes and three lines around it. The
// formatter keeps the order of lines, so a greedy match that looks a little
// ahead is enough.
void PrintDiff(const std::string& path, const std::string& before,
               const std::string& after) {
  const std::vector<std::string> a = Lines(before), b = Lines(after);
  struct Row {
    char mark;
    const std::string* line;
    size_t i, j;  // before this row
  };
  std::vector<Row> rows;
  size_t i = 0, j = 0;
  constexpr size_t kAhead = 200;
  while (i < a.size() || j < b.size()) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      rows.push_back({' ', &a[i], i, j});
      ++i, ++j;
      continue;
    }
    size_t best_i = a.size(), best_j = b.size();
    for (size_t sum = 1; sum < kAhead && best_i == a.size(); ++sum) {
      for (size_t di = 0; di <= sum; ++di) {
        const size_t dj = sum - di;
        if (i + di < a.size() && j + dj < b.size() && a[i + di] == b[j + dj] &&
            !a[i + di].empty()) {
          best_i = i + di, best_j = j + dj;
          break;
        }
      }
    }
    for (; i < best_i; ++i) rows.push_back({'-', &a[i], i, j});
    for (; j < best_j; ++j) rows.push_back({'+', &b[j], i, j});
  }
  std::cout << "--- " << path << "\n+++ " << path << " (formatted)\n";
  constexpr size_t kContext = 3;
  for (size_t k = 0; k < rows.size();) {
    if (rows[k].mark == ' ') {
      ++k;
      continue;
    }
    const size_t begin = k > kContext ? k - kContext : 0;
    size_t end = k, quiet = 0;
    while (end < rows.size() && quiet <= 2 * kContext) {
      quiet = rows[end].mark == ' ' ? quiet + 1 : 0;
      ++end;
    }
    if (quiet > kContext) end -= quiet - kContext;
    size_t old_lines = 0, new_lines = 0;
    for (size_t r = begin; r < end; ++r) {
      old_lines += rows[r].mark != '+';
      new_lines += rows[r].mark != '-';
    }
    std::cout << "@@ -" << rows[begin].i + 1 << ',' << old_lines << " +"
              << rows[begin].j + 1 << ',' << new_lines << " @@\n";
    for (size_t r = begin; r < end; ++r) {
      std::cout << rows[r].mark << *rows[r].line << '\n';
    }
    k = end;
  }
}

std::vector<std::string> AllSources(const std::string& root) {
  std::vector<std::string> files;
  std::error_code error;
  for (fs::recursive_directory_iterator it(root, error), end; it != end;
       it.increment(error)) {
    if (error) break;
    const std::string name = it->path().filename().string();
    if (it->is_directory() && !name.empty() && name[0] == '.') {
      it.disable_recursion_pending();
    } else if (it->is_regular_file() && it->path().extension() == ".bylaw") {
      files.push_back(it->path().lexically_normal().string());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

int Run(Options options) {
  if (options.files.empty()) {
    const auto folder = RepositoryFolder(options.globals);
    if (!folder) return kRefused;
    options.files = AllSources(*folder);
  }
  std::vector<std::string> files;
  for (const std::string& file : options.files) {
    if (file != "-" && fs::is_directory(file)) {
      const auto inside = AllSources(file);
      files.insert(files.end(), inside.begin(), inside.end());
    } else {
      files.push_back(file);
    }
  }
  bool refused = false, changed = false;
  for (const std::string& file : files) {
    std::string text;
    if (!ReadInput(file, &text)) {
      refused = true;
      continue;
    }
    const SourceFile source(file == "-" ? "<stdin>" : file, text);
    DiagnosticSink sink;
    const std::optional<std::string> formatted = FormatFile(source, sink);
    if (!formatted) {
      RenderOptions render;
      render.color = UseColor(STDERR_FILENO);
      sink.Sort();
      std::cerr << Render(sink, render);
      Refuse(file + ": not formatted: it has errors");
      refused = true;
      continue;
    }
    if (file == "-" && !options.check && !options.diff) {
      std::cout << *formatted;
      continue;
    }
    if (*formatted == text) continue;
    changed = true;
    if (options.diff) PrintDiff(file, text, *formatted);
    if (options.check && !options.diff) std::cout << file << '\n';
    if (!options.check && !options.diff && !WriteAtomically(file, *formatted)) {
      refused = true;
    }
  }
  if (refused) return kRefused;
  return changed && (options.check || options.diff) ? kFound : kOk;
}

}  // namespace

void AddFmt(CLI::App& app, int* exit) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("fmt", "Format policies in one style");
  AddRepository(verb, &options->globals, false);
  verb->add_option("files", options->files,
                   "Files or folders; the whole repository if none; - reads "
                   "standard input and\nwrites to standard output")
      ->type_name("FILE");
  verb->add_flag("--check", options->check,
                 "Change nothing; list files that are not formatted");
  verb->add_flag("--diff", options->diff, "Change nothing; show what would be");
  verb->footer(
      "Exit code: 0, 1 with --check or --diff if something would change, 2 if "
      "a file has errors.\n"
      "Examples:\n"
      "  bylaw fmt\n"
      "  bylaw fmt --check\n"
      "  bylaw fmt - < draft.bylaw");
  verb->callback([options, exit] { *exit = Run(*options); });
}

}  // namespace bylaw::cli
