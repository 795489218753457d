"""What programs said to each other, recognised from the bytes that were kept: DNS, HTTP/1 and TLS hellos."""
