// TLS: a server with a certificate, and one that asks its clients for theirs.
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

#include "tests/catch.h"
#include "tests/server/fixture.h"

namespace bylaw::test {
namespace {

struct Identity {
  std::string certificate, key;  // PEM
};

std::string Pem(const std::function<void(BIO*)>& write) {
  BIO* bio = BIO_new(BIO_s_mem());
  write(bio);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<size_t>(size));
  BIO_free(bio);
  return text;
}

// A self-signed certificate for "localhost" that also signs itself as a CA.
Identity MakeIdentity(const char* name) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  REQUIRE(key != nullptr);
  X509* x = X509_new();
  X509_set_version(x, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
  X509_gmtime_adj(X509_getm_notBefore(x), -3600);
  X509_gmtime_adj(X509_getm_notAfter(x), 3600);
  X509_set_pubkey(x, key);
  X509_NAME* subject = X509_get_subject_name(x);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name), -1,
                             -1, 0);
  X509_set_issuer_name(x, subject);
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, x, x, nullptr, nullptr, 0);
  for (const auto& [nid, value] :
       {std::pair{NID_basic_constraints, "critical,CA:TRUE"},
        std::pair{NID_subject_alt_name, "DNS:localhost"}}) {
    X509_EXTENSION* extension =
        X509V3_EXT_conf_nid(nullptr, &context, nid, value);
    REQUIRE(extension != nullptr);
    X509_add_ext(x, extension, -1);
    X509_EXTENSION_free(extension);
  }
  REQUIRE(X509_sign(x, key, EVP_sha256()) > 0);
  Identity identity;
  identity.certificate = Pem([&](BIO* b) { PEM_write_bio_X509(b, x); });
  identity.key = Pem([&](BIO* b) {
    PEM_write_bio_PrivateKey(b, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
  X509_free(x);
  EVP_PKEY_free(key);
  return identity;
}

Client TlsClient(int port, const Identity& server, const Identity* own) {
  grpc::SslCredentialsOptions ssl;
  ssl.pem_root_certs = server.certificate;
  if (own != nullptr) {
    ssl.pem_cert_chain = own->certificate;
    ssl.pem_private_key = own->key;
  }
  grpc::ChannelArguments arguments;
  arguments.SetSslTargetNameOverride("localhost");
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return Client(grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(port),
                                          grpc::SslCredentials(ssl),
                                          arguments));
}

TEST_CASE("a server with a certificate speaks TLS only") {
  Repository repository;
  TempDir keys;
  const Identity identity = MakeIdentity("server");
  keys.Write("server.pem", identity.certificate);
  keys.Write("server.key", identity.key);
  ServerOptions options = OptionsFor(repository.path());
  options.tls_certificate = keys.File("server.pem");
  options.tls_key = keys.File("server.key");
  auto server = Server::Start(options);
  REQUIRE(server.ok());
  v1::Decision decision;
  CHECK(TlsClient((*server)->port(), identity, nullptr)
            .Check(Read("ana"), &decision)
            .ok());
  CHECK(decision.outcome() == v1::Decision::MASK);
  Client plain((*server)->port());
  CHECK(plain.Check(Read("ana"), &decision).error_code() ==
        grpc::StatusCode::UNAVAILABLE);
  // A client that trusts somebody else gives up.
  const Identity other = MakeIdentity("other");
  CHECK(TlsClient((*server)->port(), other, nullptr)
            .Check(Read("ana"), &decision)
            .error_code() == grpc::StatusCode::UNAVAILABLE);
}

TEST_CASE("clients without a certificate are turned away where one is asked") {
  Repository repository;
  TempDir keys;
  const Identity identity = MakeIdentity("server");
  const Identity client = MakeIdentity("client");
  const Identity stranger = MakeIdentity("stranger");
  keys.Write("server.pem", identity.certificate);
  keys.Write("server.key", identity.key);
  keys.Write("clients.pem", client.certificate);
  ServerOptions options = OptionsFor(repository.path());
  options.tls_certificate = keys.File("server.pem");
  options.tls_key = keys.File("server.key");
  options.tls_client_ca = keys.File("clients.pem");
  auto server = Server::Start(options);
  REQUIRE(server.ok());
  const int port = (*server)->port();
  v1::Decision decision;
  CHECK(TlsClient(port, identity, &client).Check(Read("ana"), &decision).ok());
  CHECK_FALSE(
      TlsClient(port, identity, nullptr).Check(Read("ana"), &decision).ok());
  CHECK_FALSE(
      TlsClient(port, identity, &stranger).Check(Read("ana"), &decision).ok());
}

TEST_CASE("TLS files that cannot be used are refused at the start") {
  Repository repository;
  TempDir keys;
  const Identity identity = MakeIdentity("server");
  keys.Write("server.pem", identity.certificate);
  keys.Write("server.key", identity.key);
  keys.Write("text.pem", "no key");
  ServerOptions options = OptionsFor(repository.path());
  options.tls_certificate = keys.File("server.pem");
  options.tls_key = keys.File("none.key");
  CHECK_FALSE(Server::Start(options).ok());
  options.tls_key = keys.File("text.pem");
  CHECK_FALSE(Server::Start(options).ok());
}

TEST_CASE("without settings only this machine is listened to") {
  CHECK(ServerOptions().listen.starts_with("127.0.0.1:"));
  CHECK(ServerOptions().metrics.empty());
}

}  // namespace
}  // namespace bylaw::test
