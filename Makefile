# For fingers used to make; everything is done by ./dev.
.PHONY: demo test services check fuzz bench
demo test services check fuzz bench:
	./dev $@
