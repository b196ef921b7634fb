# The other client of the traffic benchmarks: opens TCP connections one after the other, each from another source.
# Perl, because connect(2) has to block and a source to be chosen, and because every Debian has it (perl-base).
# Arguments: the number of clock_gettime(2) on this machine, and a file with a source address a line.
# Reads a line `ADDRESS PORT COUNT`; answers with JSON: microseconds, and how many failed or lost a packet on their way.
use strict;
use warnings;
use Socket qw(:DEFAULT SOL_SOCKET SO_LINGER SO_SNDTIMEO);

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

# A reset at the end leaves no state behind that later connections would have to go around.
my $reset = pack 'ii', 1, 0;
my $patience = pack 'qq', 3, 0;
# The server takes connections in the meantime.
my ($burst, $pause) = (200, 0.01);
# The kernel repeats a lost SYN after a second.
my $repeated = 900_000;

while (my $line = <STDIN>) {
    my ($address, $port, $count) = split ' ', $line;
    my $server = sockaddr_in($port, inet_aton($address));
    my @times;
    my ($failed, $lost) = (0, 0);
    for my $i (1 .. $count) {
        select undef, undef, undef, $pause unless $i % $burst;
        socket my $socket, PF_INET, SOCK_STREAM, 0 or die "socket: $!";
        setsockopt $socket, SOL_SOCKET, SO_LINGER, $reset;
        setsockopt $socket, SOL_SOCKET, SO_SNDTIMEO, $patience;
        bind $socket, sockaddr_in(0, $sources[rand @sources]) or die "bind: $!";
        my $from = now();
        if (connect $socket, $server) {
            my $time = now() - $from;
            push @times, $time;
            $lost++ if $time > $repeated;
        } else {
            $failed++;
        }
        close $socket;
    }
    @times = sort { $a <=> $b } @times;
    my ($p50, $p99) = map { $times[@times * $_] // 0 } 0.5, 0.99;
    printf qq({"p50":%.3f,"p99":%.3f,"failed":%d,"lost":%d}\n), $p50, $p99, $failed, $lost;
}
