# The server for new connections: takes them one after the other, writes a byte and closes. Argument: the port.
use strict;
use warnings;
use Socket;

socket my $server, PF_INET, SOCK_STREAM, 0 or die "socket: $!";
setsockopt $server, SOL_SOCKET, SO_REUSEADDR, 1;
bind $server, sockaddr_in($ARGV[0], INADDR_ANY) or die "bind: $!";
listen $server, 1024 or die "listen: $!";
$SIG{PIPE} = 'IGNORE';

while (1) {
    accept my $client, $server or next;
    syswrite $client, 'x';
    close $client;
}
