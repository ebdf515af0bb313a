"""MESH, the NHS's post for files: mailboxes polled into feeds, files and exports sent.

https://digital.nhs.uk/developer/api-catalogue/message-exchange-for-social-care-and-health-api
"""
