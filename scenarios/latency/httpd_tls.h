/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What makes httpd.c httpsd: OpenSSL, with the key and the certificate of build.mk. */
#ifndef TARE_LATENCY_HTTPD_TLS_H
#define TARE_LATENCY_HTTPD_TLS_H

#include <event2/bufferevent_ssl.h>
#include <event2/http.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdbool.h>

/* HTTPD_PEM is a file, the key and after it the certificate. */
__asm__(".section .rodata\nhttpd_pem: .incbin \"" HTTPD_PEM "\"\nhttpd_pem_end:\n.previous");
extern const char httpd_pem[], httpd_pem_end[];

static struct bufferevent *httpd_new_tls(struct event_base *base, void *context)
{
    return bufferevent_openssl_socket_new(base, -1, SSL_new(context), BUFFEREVENT_SSL_ACCEPTING,
                                          BEV_OPT_CLOSE_ON_FREE);
}

static bool httpd_use_tls(struct evhttp *http)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    BIO *pem = BIO_new_mem_buf(httpd_pem, (int)(httpd_pem_end - httpd_pem));
    EVP_PKEY *key = PEM_read_bio_PrivateKey(pem, NULL, NULL, NULL);
    X509 *certificate = PEM_read_bio_X509(pem, NULL, NULL, NULL);

    if (!context || SSL_CTX_use_certificate(context, certificate) != 1 ||
        SSL_CTX_use_PrivateKey(context, key) != 1)
        return false;
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    evhttp_set_bevcb(http, httpd_new_tls, context);
    return true;
}

#endif
