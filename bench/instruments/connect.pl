# The client for new connections: opens them one after the other, each from another source.
# Perl, because connect(2) has to block and a source to be chosen, and because every Debian has it (perl-base).
# Arguments: the number of clock_gettime(2) on this machine, and a file with a source address a line.
# Reads lines `ADDRESS PORT COUNT`, answers each with JSON: microseconds from the first SYN until the connection stands
# ("open") and until the server's first byte is there ("byte"), and how many failed.
use strict;
use warnings;
use Socket qw(:DEFAULT SO_LINGER SO_RCVTIMEO SO_SNDTIMEO);

my ($clock_gettime, $file) = @ARGV;
open my $list, '<', $file or die "$file: $!";
chomp(my @sources = <$list>);
$_ = inet_aton($_) for @sources;
$| = 1;
srand 1;

# Microseconds, from CLOCK_MONOTONIC.
sub now {
    my $time = "\0" x 16;
    syscall $clock_gettime + 0, 1, $time;
    my ($seconds, $nanoseconds) = unpack 'qq', $time;
    return $seconds * 1e6 + $nanoseconds / 1e3;
}

sub percentile {
    my ($share, @times) = @_;
    return (sort { $a <=> $b } @times)[@times * $share] // 0;
}

# A reset at the end leaves no state behind that later connections would have to go around.
my $reset = pack 'ii', 1, 0;
my $patience = pack 'qq', 3, 0;

while (my $line = <STDIN>) {
    my ($address, $port, $count) = split ' ', $line;
    my $server = sockaddr_in($port, inet_aton($address));
    my (@open, @byte);
    my $failed = 0;
    for my $i (1 .. $count) {
        socket my $socket, PF_INET, SOCK_STREAM, 0 or die "socket: $!";
        setsockopt $socket, SOL_SOCKET, SO_LINGER, $reset;
        setsockopt $socket, SOL_SOCKET, $_, $patience for SO_SNDTIMEO, SO_RCVTIMEO;
        bind $socket, sockaddr_in(0, $sources[rand @sources]) or die "bind: $!";
        my $from = now();
        my $stands = connect($socket, $server) && now();
        if ($stands && sysread $socket, my $byte, 1) {
            push @byte, now() - $from;
            push @open, $stands - $from;
        } else {
            $failed++;
        }
        close $socket;
    }
    printf qq({"open":%.3f,"byte":%.3f,"byteP99":%.3f,"failed":%d}\n),
        percentile(0.5, @open), percentile(0.5, @byte), percentile(0.99, @byte), $failed;
}
