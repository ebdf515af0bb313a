"""HL7 v2 over MLLP: ``senders`` who may send, ``journal`` what is on the disk, ``storing`` what is in the record,
``listener`` the sockets. A message is acknowledged when both the journal and the record hold it."""
