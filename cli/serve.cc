// bylaw serve: the service, from a repository's folder or a bundle. Flags over
// environment variables (BYLAW_LISTEN) over `serve:` in bylaw.yaml.
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>

#include "cli/command.h"
#include "compiler/manifest.h"
#include "server/server.h"

namespace bylaw::cli {
namespace {

struct Options {
  Globals globals;
  ServerOptions server;
};

// The variable and the manifest's key of a flag: --max-items is
// BYLAW_MAX_ITEMS and serve.max_items.
std::string Variable(const std::string& flag) {
  std::string name = "BYLAW_";
  for (const char c : flag) {
    name += c == '-' ? '_' : static_cast<char>(std::toupper(c));
  }
  return name;
}

std::string Key(std::string flag) {
  for (char& c : flag) c = c == '-' ? '_' : c;
  return flag;
}

// Gives options that neither flag nor variable set the manifest's value. False
// after a message.
bool ApplyManifest(CLI::App* verb,
                   const std::map<std::string, std::string>& values) {
  for (const auto& [key, value] : values) {
    CLI::Option* match = nullptr;
    for (CLI::Option* option : verb->get_options()) {
      const std::string env = option->get_envname();
      if (!env.empty() && Key(option->get_lnames()[0]) == key) match = option;
    }
    if (match == nullptr) {
      Refuse("bylaw.yaml: serve: there is no setting `" + key +
             "`; `bylaw serve --help` lists them");
      return false;
    }
    if (match->count() > 0) continue;
    try {
      match->add_result(value);
      match->run_callback();
    } catch (const CLI::ParseError& e) {
      Refuse("bylaw.yaml: serve." + key + ": " + e.what());
      return false;
    }
  }
  return true;
}

int Run(Options options) {
  ServerOptions& server = options.server;
  if (!options.globals.bundle.empty()) {
    if (!options.globals.directory.empty()) {
      return Refuse("-C and --bundle exclude each other");
    }
    server.source.bundle = options.globals.bundle;
  } else {
    const auto folder = RepositoryFolder(options.globals);
    if (!folder) return kRefused;
    server.source.root = *folder;
  }
  if (server.tls_certificate.empty() != server.tls_key.empty()) {
    return Refuse("--tls-certificate and --tls-key go together");
  }
  if (!server.tls_client_ca.empty() && server.tls_certificate.empty()) {
    return Refuse("--tls-client-ca needs --tls-certificate and --tls-key");
  }
  Server::BlockSignals();
  try {
    auto started = Server::Start(server);
    if (!started.ok()) {
      return Refuse(std::string(started.status().message()));
    }
    (*started)->RunUntilSignal();
  } catch (const std::exception& e) {
    return Refuse(std::string("the machine lacks memory or threads: ") +
                  e.what() + "; raise what the process may take (ulimit)");
  }
  return kOk;
}

}  // namespace

void AddServe(CLI::App& app, int* exit) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("serve", "Answer requests over gRPC");
  AddRepository(verb, &options->globals, true);
  ServerOptions& server = options->server;
  // What a flag takes is what the manifest's key takes.
  const auto add = [verb](const std::string& flag, auto& value,
                          const char* text, const char* type) {
    const ServeSetting* setting = FindServeSetting(Key(flag));
    verb->add_option("--" + flag, value, text)
        ->type_name(type)
        ->envname(Variable(flag))
        ->capture_default_str()
        ->check(
            [setting](const std::string& given) {
              return setting != nullptr ? setting->Problem(given) : "";
            },
            setting != nullptr && setting->kind == ServeSetting::Kind::kNumber
                ? "in [" + std::to_string(setting->least) + " - " +
                      std::to_string(setting->most) + "]"
                : "");
  };
  add("listen", server.listen, "Address for gRPC", "HOST:PORT");
  add("metrics", server.metrics,
      "Address for Prometheus metrics over HTTP; none if left out",
      "HOST:PORT");
  add("simulation", server.simulation,
      "Whether requests may say `at` which instant to decide", "BOOL");
  add("watch", server.watch, "Whether changed files are loaded by themselves",
      "BOOL");
  add("watch-interval-ms", server.watch_interval_ms,
      "How often files are looked at", "MS");
  add("log-format", server.log_format, "How log lines are written",
      "text|json");
  add("log-level", server.log_level, "The least that is logged",
      "debug|info|warning|error");
  add("max-message-bytes", server.max_message_bytes,
      "Largest message that is read", "BYTES");
  add("max-columns", server.max_columns, "Columns that one request may name",
      "N");
  add("max-items", server.max_items, "Items that one batch may hold", "N");
  add("max-deadline-ms", server.max_deadline_ms,
      "Longest that one call may take", "MS");
  add("max-concurrent", server.max_concurrent,
      "Calls at once; more are refused as UNAVAILABLE", "N");
  add("max-connections", server.max_connections,
      "Connections at once; more are closed", "N");
  add("grace-ms", server.grace_ms,
      "How long calls in flight may take at a stop", "MS");
  add("tls-certificate", server.tls_certificate, "Serve TLS (PEM)", "FILE");
  add("tls-key", server.tls_key, "The certificate's key (PEM)", "FILE");
  add("tls-client-ca", server.tls_client_ca,
      "Accept only clients with a certificate signed by this (PEM)", "FILE");
  verb->footer(
      "Each setting is also an environment variable (--max-items: "
      "BYLAW_MAX_ITEMS) and a\nkey of `serve:` in bylaw.yaml (max_items); a "
      "flag wins over a variable over the file.\n"
      "SIGHUP loads again, SIGTERM stops after the calls in flight.\n"
      "Examples:\n"
      "  bylaw serve -C examples/acme\n"
      "  bylaw serve --bundle acme.bundle --listen 0.0.0.0:7070");
  verb->callback([options, exit, verb] {
    if (options->globals.bundle.empty()) {
      const auto folder = RepositoryFolder(options->globals);
      if (!folder) {
        *exit = kRefused;
        return;
      }
      if (!ApplyManifest(verb, ServeSettings(*folder + "/bylaw.yaml"))) {
        *exit = kRefused;
        return;
      }
    }
    *exit = Run(*options);
  });
}

}  // namespace bylaw::cli
