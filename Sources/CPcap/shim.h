// libpcap, as the system installs it: filter expressions, pipes and unusual formats.
// Nothing is declared here; the module map names the library.
#include <pcap/pcap.h>
