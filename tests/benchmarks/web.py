"""A web server of the standard library and one that asks it, over loopback: mixed work to be recorded."""

import http.client
import http.server
import threading

REQUESTS = 1500


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    server.RequestHandlerClass.log_message = lambda *_: None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for _ in range(REQUESTS):
        connection = http.client.HTTPConnection(*server.server_address)
        connection.request("GET", "/README.md")
        connection.getresponse().read()
        connection.close()
    server.shutdown()


if __name__ == "__main__":
    main()
