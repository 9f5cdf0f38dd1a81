public class Forgotten : Migration { }
