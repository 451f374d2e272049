/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Linked into the sanitizer build. AddressSanitizer guesses where a thread's dynamic TLS block
 * begins: one that lies 16 bytes after a page boundary, it takes for one with a header there
 * (sanitizer_tls_get_addr.cpp). What malloc has left there then becomes a range that LeakSanitizer
 * reads, and in one run of 15 or so it crashed, by chance, in libvirt's threads. Without the
 * interceptor it knows no dynamic TLS, and does not guess.
 */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "intercept_tls_get_addr=0";
}
