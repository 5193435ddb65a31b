#include "tests/unit/http/fixture.h"

#include <curl/curl.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>

static char cert_path[64];
static char key_path[64];

/* A certificate for localhost, signed by itself, for an hour. */
static void make_certificate(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -60);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_set_pubkey(cert, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                               (const unsigned char *)"localhost", -1, -1, 0);
    X509_set_issuer_name(cert, X509_get_subject_name(cert));
    cr_assert(X509_sign(cert, key, EVP_sha256()));
    FILE *file = fopen(cert_path, "w");
    cr_assert(file && PEM_write_X509(file, cert) && fclose(file) == 0);
    file = fopen(key_path, "w");
    cr_assert(file && PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) && fclose(file) == 0);
    X509_free(cert);
    EVP_PKEY_free(key);
}

static void dispatch(struct request *rq)
{
    reply_session_cookie(rq, "token", 60);
    reply_json(rq, 200, request_is_secure(rq) ? "{\"secure\":1}" : "{\"secure\":0}");
}

static const struct route routes[] = {{.method = METHOD_POST,
                                       .path = "/x",
                                       .name = "x",
                                       .perm = PERM_PUBLIC,
                                       .lane = LANE_FAST,
                                       .replay = REPLAY_NONE,
                                       .body = BODY_JSON,
                                       .help = ""}};

static void set_up(void)
{
    snprintf(cert_path, sizeof cert_path, "/tmp/test_tls_%d.crt", (int)getpid());
    snprintf(key_path, sizeof key_path, "/tmp/test_tls_%d.key", (int)getpid());
    make_certificate();
    fixture_tls_cert_file = cert_path;
    fixture_tls_key_file = key_path;
    fixture_start(routes, 1, dispatch, NULL);
}

static void tear_down(void)
{
    fixture_stop();
    unlink(cert_path);
    unlink(key_path);
}

TestSuite(http_tls, .init = set_up, .fini = tear_down);

static size_t take(char *bytes, size_t size, size_t count, void *context)
{
    struct client *client = context;
    cr_assert_lt(client->bytes + size * count, sizeof client->answer);
    memcpy(client->answer + client->bytes, bytes, size * count);
    client->bytes += size * count;
    return size * count;
}

Test(http_tls, requests_over_tls)
{
    struct client *client = calloc(1, sizeof *client);
    char url[64];
    snprintf(url, sizeof url, "https://localhost:%d/x", http_server_port(fixture.server));
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CAINFO, cert_path);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "{\"a\":1}");
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, client);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, client);
    for (int i = 0; i < 3; i++) {
        client->bytes = 0;
        CURLcode result = curl_easy_perform(curl);
        cr_assert_eq(result, CURLE_OK, "%s", curl_easy_strerror(result));
        cr_expect(strstr(client->answer, "{\"secure\":1}"));
        cr_expect(strcasestr(client->answer, "Strict-Transport-Security: max-age="));
        cr_expect(
            strcasestr(client->answer, "Set-Cookie: __Host-sid=token; Path=/; Max-Age=60; Secure; HttpOnly"));
    }
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    free(client);
}

Test(http_tls, plain_text_on_the_tls_port_does_no_harm)
{
    struct client *client = client_open();
    client_send(client, "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n");
    cr_expect(client_is_closed(client));
    client_close(client);
}
