// SPDX-License-Identifier: GPL-3.0-or-later

// An HTTP server on Go's net/http: a page on port 8080.
package main

import (
	"io"
	"log"
	"net/http"
)

func main() {
	http.HandleFunc("/", func(reply http.ResponseWriter, request *http.Request) {
		io.WriteString(reply, "<!doctype html><title>Go</title>A page.\n")
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
