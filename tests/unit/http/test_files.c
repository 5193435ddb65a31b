#include "tests/unit/http/fixture.h"

#include "base/limits.h"
#include "http/file_type.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static char root[64];

static void write_at(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", root, name);
    FILE *file = fopen(path, "w");
    cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0, "%s", path);
}

static void make_folder(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", root, name);
    cr_assert_eq(mkdir(path, 0755), 0);
}

static void dispatch(struct request *rq)
{
    reply_empty(rq, 204);
}

static void set_up(void)
{
    static const struct route routes[] = {{.method = METHOD_GET,
                                           .path = "/api",
                                           .name = "api",
                                           .perm = PERM_PUBLIC,
                                           .lane = LANE_FAST,
                                           .replay = REPLAY_NONE,
                                           .body = BODY_NONE,
                                           .help = ""}};
    snprintf(root, sizeof root, "/tmp/test_files_XXXXXX");
    cr_assert(mkdtemp(root));
    make_folder("docs");
    make_folder("vendor");
    write_at("index.html", "<p>home");
    write_at("app.js", "plain script");
    write_at("app.js.gz", "packed script");
    write_at(".hidden", "secret");
    write_at("docs/index.html", "<p>docs");
    write_at("vendor/preact@11.2.0.js", "x");
    fixture_start(routes, 1, dispatch, root);
}

static void tear_down(void)
{
    fixture_stop();
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", root);
    FILE *shell = popen(command, "r");
    cr_assert_eq(pclose(shell), 0);
}

TestSuite(http_files, .init = set_up, .fini = tear_down);

#define GET(path) "GET " path " HTTP/1.1\r\nHost: localhost\r\n"

static bool header_is(struct client *client, const char *line)
{
    client_await(client, "\r\n\r\n");
    return strcasestr(client->answer, line) != NULL;
}

static struct client *ask(const char *request)
{
    struct client *client = client_open();
    client_send(client, request);
    client_status(client);
    return client;
}

Test(http_files, pages_come_with_type_tag_and_policy)
{
    struct client *client = ask(GET("/") "\r\n");
    cr_expect_eq(client_status(client), 200);
    cr_expect_eq(strncmp(client_body(client), "<p>home", 7), 0);
    cr_expect(header_is(client, "\r\nContent-Type: text/html; charset=utf-8\r\n"));
    cr_expect(header_is(client, "\r\nContent-Security-Policy: default-src 'self';"));
    cr_expect(header_is(client, "frame-ancestors 'none'"));
    cr_expect(header_is(client, "\r\nX-Content-Type-Options: nosniff\r\n"));
    cr_expect(header_is(client, "\r\nCache-Control: no-cache\r\n"));
    cr_expect(header_is(client, "\r\nETag: \""));
    client_close(client);
}

Test(http_files, parts_of_a_page_carry_no_policy_of_their_own)
{
    cr_expect(file_needs_policy("index.html"));
    cr_expect(file_needs_policy("img/icon.svg"));
    cr_expect(file_needs_policy("lib/live-worker.js"));
    cr_expect(file_needs_policy("unknown"));
    cr_expect_not(file_needs_policy("lib/live.js"));
    cr_expect_not(file_needs_policy("css/app.css"));
    cr_expect_not(file_needs_policy("vendor/inter-5.3.0/inter.woff2"));
    struct client *client = ask(GET("/app.js") "\r\n");
    cr_expect_not(header_is(client, "Content-Security-Policy"));
    cr_expect(header_is(client, "\r\nX-Content-Type-Options: nosniff\r\n"));
    client_close(client);
}

Test(http_files, a_known_tag_saves_the_body)
{
    struct client *client = ask(GET("/index.html") "\r\n");
    char tag[128];
    const char *at = strstr(client->answer, "ETag: ") + 6;
    snprintf(tag, sizeof tag, "%.*s", (int)strcspn(at, "\r"), at);
    client_close(client);
    char request[256];
    snprintf(request, sizeof request, GET("/index.html") "If-None-Match: \"x\", %s\r\n\r\n", tag);
    client = ask(request);
    cr_expect_eq(client_status(client), 304, "%s", client->answer);
    cr_expect(header_is(client, tag));
    client_close(client);
    expect(GET("/index.html") "If-None-Match: \"x\"\r\n\r\n", 200, "home");
}

Test(http_files, a_packed_twin_is_preferred_by_those_who_can_read_it)
{
    struct client *client = ask(GET("/app.js") "Accept-Encoding: br, gzip\r\n\r\n");
    cr_expect_eq(strncmp(client_body(client), "packed", 6), 0);
    cr_expect(header_is(client, "\r\nContent-Encoding: gzip\r\n"));
    cr_expect(header_is(client, "\r\nVary: Accept-Encoding\r\n"));
    cr_expect(header_is(client, "\r\nContent-Type: text/javascript; charset=utf-8\r\n"));
    client_close(client);
    client = ask(GET("/app.js") "\r\n");
    cr_expect_eq(strncmp(client_body(client), "plain", 5), 0);
    cr_expect(header_is(client, "\r\nVary: Accept-Encoding\r\n"));
    client_close(client);
    expect(GET("/app.js") "Accept-Encoding: gzip;q=0\r\n\r\n", 200, "plain");
}

Test(http_files, versioned_names_are_kept_for_ever)
{
    struct client *client = ask(GET("/vendor/preact@11.2.0.js") "\r\n");
    cr_expect(header_is(client, "immutable"));
    client_close(client);
    cr_expect(file_is_versioned("vendor/swagger-ui-dist-5.35.0/ui.js"));
    cr_expect(file_is_versioned("app.0f3a9c21.js"));
    cr_expect_not(file_is_versioned("app.js"));
    cr_expect_not(file_is_versioned("views/recharge-2.js"));
    cr_expect_not(file_is_versioned("app.deadbeef.js"), "a word of hex letters is no hash");
}

Test(http_files, nothing_leads_out_or_to_hidden_files)
{
    static const char *const paths[] = {"/../etc/passwd",
                                        "/%2e%2e/etc/passwd",
                                        "/docs/../../etc/passwd",
                                        "/..%2fetc/passwd",
                                        "/.hidden",
                                        "/docs/./index.html",
                                        "//index.html",
                                        "/%00",
                                        "/app.js%00",
                                        "/docs//",
                                        "/index.html/",
                                        "/nothing",
                                        "/%ff"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        char request[128];
        snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", paths[i]);
        expect(request, 404, "not_found");
    }
}

Test(http_files, links_are_not_followed)
{
    char path[128];
    snprintf(path, sizeof path, "%s/link", root);
    cr_assert_eq(symlink("/etc/passwd", path), 0);
    expect(GET("/link") "\r\n", 404, NULL);
}

Test(http_files, folders)
{
    expect(GET("/docs/") "\r\n", 200, "docs");
    struct client *client = ask(GET("/docs") "\r\n");
    cr_expect_eq(client_status(client), 308);
    cr_expect(header_is(client, "\r\nLocation: /docs/\r\n"));
    client_close(client);
    expect(GET("/vendor/") "\r\n", 404, NULL);
}

Test(http_files, routes_go_before_files_and_other_methods_find_none)
{
    expect(GET("/api") "\r\n", 204, NULL);
    expect("POST /app.js HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", 404, NULL);
    expect(GET("/app.js") "Content-Length: 2\r\n\r\nxx", 400, "takes no body");
}

Test(http_files, an_edit_shows_within_a_second)
{
    expect(GET("/index.html") "\r\n", 200, "home");
    write_at("index.html", "<p>changed");
    usleep((HTTP_FILE_RECHECK_MS + 100) * 1000);
    expect(GET("/index.html") "\r\n", 200, "changed");
    char path[128];
    snprintf(path, sizeof path, "%s/index.html", root);
    unlink(path);
    usleep((HTTP_FILE_RECHECK_MS + 100) * 1000);
    expect(GET("/index.html") "\r\n", 404, NULL);
}

Test(http_files, a_file_too_large_to_keep_is_sent_whole)
{
    char path[128];
    snprintf(path, sizeof path, "%s/big.bin", root);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    cr_assert_eq(ftruncate(fd, HTTP_FILE_CACHED_BYTES_MAX + 1), 0);
    close(fd);
    struct client *client = client_open();
    client_send(client, "GET /big.bin HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    cr_assert_eq(client_status(client), 200);
    cr_assert(header_is(client, "\r\nContent-Length: 4194305\r\n"));
    size_t bytes = client->bytes - (size_t)(strstr(client->answer, "\r\n\r\n") + 4 - client->answer);
    ssize_t got;
    while ((got = recv(client->fd, client->answer, sizeof client->answer, 0)) > 0)
        bytes += (size_t)got;
    cr_assert_eq(bytes, HTTP_FILE_CACHED_BYTES_MAX + 1);
    client_close(client);
}
