"""What Exhume is made of: versions and licences."""
