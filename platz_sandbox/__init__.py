"""The sandbox: stand-ins for the services that Platz needs and a laptop lacks."""
