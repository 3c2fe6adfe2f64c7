"""Several hosts on one PostgreSQL: workers are killed and cut off amid the sending, and the ledger is drawn.

hosts      network namespaces with addresses and lines of their own, or plain processes where there are none
machines   workers and web servers on those hosts
crowd      people whose nudges are due at once, and their phones
course     all of it, in order
"""
